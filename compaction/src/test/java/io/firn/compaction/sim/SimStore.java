package io.firn.compaction.sim;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.iceberg.exceptions.AlreadyExistsException;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.inmemory.InMemoryInputFile;
import org.apache.iceberg.io.DelegateFileIO;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.FileInfo;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.io.PositionOutputStream;

/** An object store in memory: a file is there once it was closed. Time is counted in files. */
final class SimStore {
    private record Blob(byte[] bytes, long created) {}

    /** What is listed of a file that is old enough to be nobody's work in progress, and of one that is not. */
    static final long OLD = 1_000;

    static final long YOUNG = Long.MAX_VALUE / 2;

    private final TreeMap<String, Blob> files = new TreeMap<>();
    private final FileIO metadata;
    private long now;
    private long oldUntil;
    private int removals;
    private boolean hidesMetadata;

    /** @param metadata where versions of the tables' metadata are */
    SimStore(FileIO metadata) {
        this.metadata = metadata;
    }

    /** The store as one process sees it. */
    FileIO open(Lifeline life) {
        return new View(life);
    }

    synchronized long now() {
        return now;
    }

    /** Files from before that time are old enough to be nobody's work in progress. */
    synchronized void agedUntil(long time) {
        oldUntil = time;
    }

    synchronized int removals() {
        return removals;
    }

    synchronized boolean holds(String location) {
        return files.containsKey(location);
    }

    synchronized Set<String> locations() {
        return new TreeSet<>(files.keySet());
    }

    /** A file of another engine. */
    synchronized void putOfOthers(String location, byte[] bytes) {
        put(location, bytes);
    }

    /** Takes out what tells a job that another table is there. */
    synchronized void hideMetadataOfOthers() {
        hidesMetadata = true;
    }

    private synchronized void put(String location, byte[] bytes) {
        files.put(location, new Blob(bytes, now++));
    }

    private synchronized void remove(String location) {
        removals++;
        files.remove(location);
    }

    private InputFile read(String location) {
        Blob blob;
        synchronized (this) {
            blob = files.get(location);
        }
        if (blob != null) {
            return new InMemoryInputFile(location, blob.bytes());
        }
        if (location.endsWith(".metadata.json")) {
            return metadata.newInputFile(location);
        }
        throw new NotFoundException("no file %s", location);
    }

    private synchronized List<FileInfo> list(String prefix) {
        List<FileInfo> found = new ArrayList<>();
        for (Map.Entry<String, Blob> each : files.tailMap(prefix, true).entrySet()) {
            if (!each.getKey().startsWith(prefix)) {
                break;
            }
            if (hidesMetadata && each.getKey().endsWith(".metadata.json")) {
                continue;
            }
            Blob blob = each.getValue();
            found.add(new FileInfo(each.getKey(), blob.bytes().length, blob.created() < oldUntil ? OLD : YOUNG));
        }
        return found;
    }

    private final class View implements DelegateFileIO {
        private static final long serialVersionUID = 1L;

        private final transient Lifeline life;

        View(Lifeline life) {
            this.life = life;
        }

        @Override
        public InputFile newInputFile(String location) {
            life.step("opening a file");
            return read(location);
        }

        @Override
        public OutputFile newOutputFile(String location) {
            return new Out(location, life);
        }

        @Override
        public void deleteFile(String location) {
            life.step("removing a file");
            remove(location);
        }

        @Override
        public void deleteFiles(Iterable<String> locations) {
            locations.forEach(this::deleteFile);
        }

        @Override
        public Iterable<FileInfo> listPrefix(String prefix) {
            life.step("listing files");
            return list(prefix);
        }

        @Override
        public void deletePrefix(String prefix) {
            throw new UnsupportedOperationException("no job removes a folder");
        }

        @Override
        public Map<String, String> properties() {
            return Map.of();
        }
    }

    private final class Out implements OutputFile {
        private final String location;
        private final Lifeline life;

        Out(String location, Lifeline life) {
            this.location = location;
            this.life = life;
        }

        @Override
        public PositionOutputStream create() {
            if (holds(location)) {
                throw new AlreadyExistsException("there is a file %s", location);
            }
            return createOrOverwrite();
        }

        @Override
        public PositionOutputStream createOrOverwrite() {
            life.step("making a file");
            return new Stream(location, life);
        }

        @Override
        public String location() {
            return location;
        }

        @Override
        public InputFile toInputFile() {
            return read(location);
        }
    }

    private final class Stream extends PositionOutputStream {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(2048);
        private final String location;
        private final Lifeline life;
        private boolean closed;

        Stream(String location, Lifeline life) {
            this.location = location;
            this.life = life;
        }

        @Override
        public long getPos() {
            return bytes.size();
        }

        @Override
        public void write(int b) {
            bytes.write(b);
        }

        @Override
        public void write(byte[] from, int start, int length) {
            bytes.write(from, start, length);
        }

        @Override
        public void close() throws IOException {
            if (!closed) {
                closed = true;
                life.step("closing a file");
                put(location, bytes.toByteArray());
                life.step("hearing that a file was written");
            }
        }
    }
}
