package io.firn.deploy.http;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes new certificates and revocation lists when their files change; logs what cannot be used. */
final class CertificateReload implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CertificateReload.class);
    private static final long LOOK_SECONDS = 10;

    private final List<Watched> watched;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread daemon = new Thread(work, "firn-certificates");
        daemon.setDaemon(true);
        return daemon;
    });
    private final Map<Watched, List<String>> seen = new HashMap<>();

    /** Reads the files and uses what is in them. */
    interface Reading {
        void run() throws Exception;
    }

    /**
     * Files that are read together.
     *
     * @param otherwise what happens if they cannot be used, and what to do
     */
    record Watched(List<Path> files, Reading reading, String otherwise) {}

    CertificateReload(List<Watched> watched) {
        this.watched = List.copyOf(watched);
        this.watched.forEach(each -> seen.put(each, state(each)));
    }

    void start() {
        var unused = thread.scheduleWithFixedDelay(this::look, LOOK_SECONDS, LOOK_SECONDS, TimeUnit.SECONDS);
    }

    /** Reads those again of which a file has changed since. */
    synchronized void look() {
        watched.forEach(this::look);
    }

    @SuppressWarnings("IllegalCatch") // whatever is wrong with the files, the service goes on
    private void look(Watched each) {
        List<String> now = state(each);
        if (now.equals(seen.put(each, now))) {
            return;
        }
        try {
            each.reading().run();
            LOG.info("new certificates from {}", each.files());
        } catch (Exception unusable) {
            LOG.warn("the changed certificate files cannot be used: {}; {}", unusable.getMessage(), each.otherwise());
        }
    }

    private static List<String> state(Watched each) {
        List<String> state = new ArrayList<>();
        for (Path file : each.files()) {
            try {
                state.add(Files.getLastModifiedTime(file) + " " + Files.size(file) + " " + file.toRealPath());
            } catch (IOException away) {
                state.add("away");
            }
        }
        return state;
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
