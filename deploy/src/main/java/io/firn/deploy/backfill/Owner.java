package io.firn.deploy.backfill;

import io.firn.deploy.config.HostName;
import io.firn.ingest.backfill.BackfillSettings;
import java.time.Instant;
import java.util.Optional;

/**
 * Names of processes: host, process id and start, so that a process that is started again can tell that it was killed.
 */
public final class Owner {
    private static final String UNKNOWN_HOST = "unknown";
    private static final int PARTS = 3;

    private Owner() {}

    /** Returns how this process works on backfills. */
    public static BackfillSettings settings() {
        return BackfillSettings.defaults(ofThisProcess()).withGone(Owner::isGone);
    }

    /** This process. */
    static String ofThisProcess() {
        ProcessHandle me = ProcessHandle.current();
        return host() + "/" + me.pid() + "/" + started(Optional.of(me));
    }

    /** Whether that process was on this machine and is not there any more. */
    static boolean isGone(String owner) {
        String[] parts = owner.split("/", -1);
        if (parts.length != PARTS || parts[0].equals(UNKNOWN_HOST) || !parts[0].equals(host())) {
            return false;
        }
        try {
            return !parts[2].equals(started(ProcessHandle.of(Long.parseLong(parts[1]))));
        } catch (NumberFormatException strange) {
            return false;
        }
    }

    private static String started(Optional<ProcessHandle> process) {
        return process.flatMap(handle -> handle.info().startInstant())
                .map(Instant::toString)
                .orElse("");
    }

    private static String host() {
        return HostName.ofThisMachine().orElse(UNKNOWN_HOST);
    }
}
