package io.firn.compaction.sim;

import java.net.URL;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Hides Hadoop's default configuration from the thread: a Parquet writer parses its thousands of properties again for
 * every file, which took half of a run.
 */
final class BareHadoop extends ClassLoader {
    private final URL empty;

    private BareHadoop(ClassLoader parent, URL empty) {
        super(parent);
        this.empty = empty;
    }

    static void install() {
        Thread current = Thread.currentThread();
        if (!(current.getContextClassLoader() instanceof BareHadoop)) {
            URL empty = Objects.requireNonNull(BareHadoop.class.getResource("/hadoop-no-defaults.xml"));
            current.setContextClassLoader(new BareHadoop(current.getContextClassLoader(), empty));
        }
    }

    @Override
    public @Nullable URL getResource(String name) {
        return name.endsWith("-default.xml") ? empty : super.getResource(name);
    }
}
