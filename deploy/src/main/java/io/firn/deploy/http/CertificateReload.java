package io.firn.deploy.http;

import io.firn.deploy.config.TlsConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes new certificates when their files change; what cannot be used is told, and the old ones go on. */
final class CertificateReload implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CertificateReload.class);
    private static final long LOOK_SECONDS = 10;

    private final List<Path> files;
    private final Reading reading;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread daemon = new Thread(work, "firn-certificates");
        daemon.setDaemon(true);
        return daemon;
    });
    private List<String> seen;

    /** Reads the files and uses what is in them. */
    interface Reading {
        void run() throws Exception;
    }

    CertificateReload(TlsConfig tls, Reading reading) {
        List<Path> all = new ArrayList<>(List.of(tls.certificate(), tls.key()));
        tls.clients().ifPresent(all::add);
        this.files = List.copyOf(all);
        this.reading = reading;
        this.seen = state();
    }

    void start() {
        var unused = thread.scheduleWithFixedDelay(this::look, LOOK_SECONDS, LOOK_SECONDS, TimeUnit.SECONDS);
    }

    /** Reads them again if one of them has changed since. */
    @SuppressWarnings("IllegalCatch") // whatever is wrong with the files, the service goes on with the old ones
    synchronized void look() {
        List<String> now = state();
        if (now.equals(seen)) {
            return;
        }
        seen = now;
        try {
            reading.run();
            LOG.info("new certificates from {}", files);
        } catch (Exception unusable) {
            LOG.warn(
                    "the changed certificate files cannot be used, so the old ones go on: {}; put both a "
                            + "certificate and its key there",
                    unusable.getMessage());
        }
    }

    private List<String> state() {
        List<String> state = new ArrayList<>();
        for (Path file : files) {
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
