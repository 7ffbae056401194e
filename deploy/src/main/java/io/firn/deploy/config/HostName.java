package io.firn.deploy.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;

/** The name of this machine. */
public final class HostName {
    private HostName() {}

    /** Returns the name; empty if the machine cannot resolve its own. */
    public static Optional<String> ofThisMachine() {
        try {
            return Optional.of(InetAddress.getLocalHost().getHostName());
        } catch (UnknownHostException unknown) {
            return Optional.empty();
        }
    }
}
