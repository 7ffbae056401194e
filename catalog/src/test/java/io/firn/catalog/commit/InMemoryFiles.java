package io.firn.catalog.commit;

import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.inmemory.InMemoryFileIO;
import org.apache.iceberg.inmemory.InMemoryInputFile;
import org.apache.iceberg.inmemory.InMemoryOutputFile;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.io.OutputFile;

/**
 * Files of one test: unlike the library's, not shared by the whole process. Metadata files are rendered only when
 * somebody reads them, which is rare.
 */
public final class InMemoryFiles extends InMemoryFileIO {
    private final Map<String, byte[]> files = Collections.synchronizedMap(new TreeMap<>());

    private final Map<String, Supplier<byte[]>> rendered = new ConcurrentHashMap<>();

    private final AtomicInteger removals = new AtomicInteger();

    void addRendered(String location, Supplier<byte[]> contents) {
        rendered.put(location, contents);
    }

    void removeRendered(String location) {
        rendered.remove(location);
    }

    /** Where data, manifests and manifest lists are now, ascending. */
    public Set<String> locations() {
        synchronized (files) {
            return new TreeSet<>(files.keySet());
        }
    }

    @Override
    public void addFile(String location, byte[] contents) {
        files.put(location, contents);
    }

    @Override
    public boolean fileExists(String location) {
        return files.containsKey(location);
    }

    @Override
    public InputFile newInputFile(String location) {
        byte[] contents = files.get(location);
        if (contents == null) {
            Supplier<byte[]> metadata = rendered.get(location);
            contents = metadata == null ? null : metadata.get();
        }
        if (contents == null) {
            throw new NotFoundException("no file %s", location);
        }
        return new InMemoryInputFile(location, contents);
    }

    @Override
    public OutputFile newOutputFile(String location) {
        return new InMemoryOutputFile(location, this);
    }

    /** How many files were deleted so far. */
    public int removals() {
        return removals.get();
    }

    @Override
    public void deleteFile(String location) {
        removals.incrementAndGet();
        if (files.remove(location) == null) {
            throw new NotFoundException("no file %s", location);
        }
    }
}
