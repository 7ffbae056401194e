package io.firn.deploy.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.jspecify.annotations.Nullable;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Occupies the port that a service uses by default, as a quickstart on this machine would: a test that depends on it
 * fails everywhere, and not only there.
 */
public final class UsualPortTaken implements LauncherSessionListener {
    private static final int USUAL = 8383;

    private @Nullable ServerSocket occupied;

    @Override
    public void launcherSessionOpened(LauncherSession session) {
        try {
            occupied = new ServerSocket(USUAL, 1, InetAddress.getLoopbackAddress());
        } catch (IOException takenAlready) {
            occupied = null;
        }
    }

    @Override
    public void launcherSessionClosed(LauncherSession session) {
        try {
            ServerSocket socket = occupied;
            if (socket != null) {
                socket.close();
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
