package io.firn.compaction.fold;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Keys with records on disk: written once, read once, then removed. */
final class SpillFile {
    /** Many are written side by side. */
    private static final int WRITE_BUFFER = 16 << 10;

    private static final int READ_BUFFER = 256 << 10;

    /** What a record takes in a table beyond its key, slots included. */
    private static final int TABLE_BYTES_A_RECORD = 84;

    private final Path path;
    private final int level;
    private @Nullable DataOutputStream out;
    private long records;
    private long keyBytes;

    /** @param level how often the keys in it were split before, from 1 */
    SpillFile(Path path, int level) {
        this.path = path;
        this.level = level;
    }

    int level() {
        return level;
    }

    long records() {
        return records;
    }

    /** What a table with everything in this file may take. */
    long tableBytes() {
        return records * TABLE_BYTES_A_RECORD + keyBytes;
    }

    void write(KeyBuffer key, Candidate candidate) {
        try {
            DataOutputStream open = out;
            if (open == null) {
                open = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(path), WRITE_BUFFER));
                out = open;
            }
            open.writeInt(key.length());
            open.write(key.bytes(), 0, key.length());
            open.writeInt(candidate.source);
            open.writeLong(candidate.offset);
            open.writeLong(candidate.timestamp);
            open.writeLong(candidate.version);
            open.writeLong(candidate.pointer);
            open.writeByte(
                    (candidate.deletes ? 1 : 0) | (candidate.versionNull ? 2 : 0) | (candidate.inherited ? 4 : 0));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + path, e);
        }
        records++;
        keyBytes += key.length();
    }

    void closeForReading() {
        if (out != null) {
            try {
                out.close();
            } catch (IOException e) {
                throw new UncheckedIOException("cannot write " + path, e);
            }
            out = null;
        }
    }

    /** Gives every record to the taker, then removes the file. */
    void drain(Taker taker) {
        if (records == 0) {
            return;
        }
        KeyBuffer key = new KeyBuffer();
        Candidate candidate = new Candidate();
        byte[] bytes = new byte[256];
        try (DataInputStream in =
                new DataInputStream(new BufferedInputStream(Files.newInputStream(path), READ_BUFFER))) {
            for (long record = 0; record < records; record++) {
                int length = in.readInt();
                if (length > bytes.length) {
                    bytes = new byte[length * 2];
                }
                in.readFully(bytes, 0, length);
                key.set(bytes, 0, length);
                candidate.source = in.readInt();
                candidate.offset = in.readLong();
                candidate.timestamp = in.readLong();
                candidate.version = in.readLong();
                candidate.pointer = in.readLong();
                int flags = in.readByte();
                candidate.deletes = (flags & 1) != 0;
                candidate.versionNull = (flags & 2) != 0;
                candidate.inherited = (flags & 4) != 0;
                taker.take(key, candidate);
            }
        } catch (EOFException e) {
            throw new UncheckedIOException("a spill file is shorter than it was written: " + path, e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + path, e);
        }
        remove();
    }

    void remove() {
        try {
            if (out != null) {
                out.close();
                out = null;
            }
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove " + path, e);
        }
    }

    /** Sees one record after the other; both arguments are used again. */
    interface Taker {
        void take(KeyBuffer key, Candidate candidate);
    }
}
