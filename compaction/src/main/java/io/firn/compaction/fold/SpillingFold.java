package io.firn.compaction.fold;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Folds any number of records within a memory budget. First all are offered; then {@link #nextPart} gives tables, each
 * with all records of its keys, no key in two of them. While everything fits there is one table and no file.
 *
 * <p>Beyond the budget the table's entries are written to files, split by affinity and hash, and the table begins anew:
 * so keys that come up again soon are still reduced in memory. A part is as many of the files as fit. A file that
 * does not fit alone is split again by other bits.
 */
public final class SpillingFold implements AutoCloseable {
    /** Enough for 64 times the budget in one step; each holds a small buffer while open. */
    private static final int FAN_OUT_BITS = 6;

    private static final int FAN_OUT = 1 << FAN_OUT_BITS;

    /** Hashes have bits for so many steps; keys that are still together then are taken together. */
    private static final int LAST_LEVEL = 5;

    /** Which keys should come in the same part where they do not all fit in one. */
    public interface Affinity {
        /** A number from 0; keys of the same number are kept close together. */
        int of(KeyBuffer key);

        /** How many numbers there are, at least 1. */
        int count();
    }

    private final Sources sources;
    private final boolean versioned;
    private final long budgetBytes;
    private final Path folder;
    private final Affinity affinity;
    private final Deque<SpillFile> waiting = new ArrayDeque<>();
    private final KeyBuffer key = new KeyBuffer();
    private final Candidate candidate = new Candidate();
    private SpillFile @Nullable [] splits;
    private @Nullable WinnerTable table;
    private int files;
    private long spilled;

    /**
     * @param budgetBytes of heap for a table
     * @param folder where files go; made when the first is needed
     */
    public SpillingFold(Sources sources, boolean versioned, long budgetBytes, Path folder, Affinity affinity) {
        this.sources = sources;
        this.versioned = versioned;
        this.budgetBytes = budgetBytes;
        this.folder = folder;
        this.affinity = affinity;
        this.table = new WinnerTable(sources, versioned);
    }

    /** Takes a record into account. */
    public void offer(KeyBuffer offered, long hash, Candidate record) {
        WinnerTable current = table;
        if (current == null) {
            throw new IllegalStateException("the parts are being read already");
        }
        current.offer(offered, hash, record);
        if (current.bytesWhenGrown() > budgetBytes) {
            table = spill(current, 1);
        }
    }

    /** Records written to disk so far; those split twice count twice. */
    public long spilled() {
        return spilled;
    }

    /** The next table, or null after the last. The one before it may be forgotten by then. */
    public @Nullable WinnerTable nextPart() {
        WinnerTable last = table;
        if (last != null) {
            table = null;
            if (splits == null) {
                return last.size() == 0 ? null : last;
            }
            spill(last, 1);
            enqueueSplits();
        }
        while (!waiting.isEmpty()) {
            WinnerTable part = loadPart();
            if (part != null) {
                return part;
            }
        }
        return null;
    }

    /** Removes what is left on disk. */
    @Override
    public void close() {
        waiting.forEach(SpillFile::remove);
        waiting.clear();
        if (splits != null) {
            for (SpillFile split : splits) {
                split.remove();
            }
            splits = null;
        }
        try {
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove " + folder, e);
        }
    }

    /** As many files as fit; null where the first had to be split instead. */
    private @Nullable WinnerTable loadPart() {
        WinnerTable part = new WinnerTable(sources, versioned);
        SpillFile first = waiting.remove();
        if (first.tableBytes() > budgetBytes && first.level() < LAST_LEVEL && first.records() > 1) {
            return loadOrSplit(first);
        }
        long bytes = first.tableBytes();
        first.drain((k, c) -> part.offer(k, k.hash(), c));
        while (!waiting.isEmpty() && bytes + waiting.element().tableBytes() <= budgetBytes) {
            SpillFile more = waiting.remove();
            bytes += more.tableBytes();
            more.drain((k, c) -> part.offer(k, k.hash(), c));
        }
        return part;
    }

    /** A file that looks too large may hold the same keys again and again and fit after all. */
    private @Nullable WinnerTable loadOrSplit(SpillFile large) {
        WinnerTable[] current = {new WinnerTable(sources, versioned)};
        int level = large.level() + 1;
        large.drain((k, c) -> {
            current[0].offer(k, k.hash(), c);
            if (current[0].bytesWhenGrown() > budgetBytes) {
                current[0] = spill(current[0], level);
            }
        });
        if (splits == null) {
            return current[0];
        }
        spill(current[0], level);
        enqueueSplits();
        return null;
    }

    /** Writes all of a table to the files of a level and gives an empty table. */
    private WinnerTable spill(WinnerTable full, int level) {
        SpillFile[] into = splits;
        if (into == null) {
            into = newSplits(level);
            splits = into;
        }
        for (int number = 0; number < full.size(); number++) {
            int head = full.head(number);
            full.key(head, key);
            SpillFile file = into[split(key, level)];
            for (int entry = head; entry >= 0; entry = full.next(entry)) {
                full.candidate(entry, candidate);
                file.write(key, candidate);
                spilled++;
            }
        }
        return new WinnerTable(sources, versioned);
    }

    private int split(KeyBuffer each, int level) {
        long hash = each.hash();
        int bits = (int) (hash >>> (level - 1) * FAN_OUT_BITS) & FAN_OUT - 1;
        if (level > 1) {
            return bits;
        }
        int spread = Math.max(1, FAN_OUT / affinity.count());
        return affinity.count() == 1 ? bits : (affinity.of(each) * spread + bits % spread) % FAN_OUT;
    }

    private SpillFile[] newSplits(int level) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make " + folder, e);
        }
        SpillFile[] made = new SpillFile[FAN_OUT];
        for (int i = 0; i < FAN_OUT; i++) {
            made[i] = new SpillFile(folder.resolve("part-" + files++), level);
        }
        return made;
    }

    /** In front of what waits, so that neighbours stay neighbours. */
    private void enqueueSplits() {
        SpillFile[] done = splits;
        splits = null;
        if (done == null) {
            return;
        }
        List<SpillFile> filled = new ArrayList<>();
        for (SpillFile each : done) {
            each.closeForReading();
            if (each.records() > 0) {
                filled.add(each);
            }
        }
        for (int i = filled.size() - 1; i >= 0; i--) {
            waiting.addFirst(filled.get(i));
        }
    }
}
