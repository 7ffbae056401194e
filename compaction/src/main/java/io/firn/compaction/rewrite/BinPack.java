package io.firn.compaction.rewrite;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Chooses which files of one partition become one file. Pure.
 *
 * <p>Neighbours in time stay neighbours: files are taken in the order in which they were committed, so bounds of
 * offsets and timestamps stay narrow. A file much larger than all that would join it is left out, so that a partition
 * to which small files come all the time is rewritten a logarithmic number of times, not each time.
 */
final class BinPack {
    /** A file that is that much larger than the others together has little to gain from them. */
    private static final int DOMINANCE = 4;

    private final RewriteSettings settings;

    BinPack(RewriteSettings settings) {
        this.settings = settings;
    }

    /**
     * @param bytes of its live rows
     * @param sequence when it was committed
     * @param dirty whether it is to be written anew for its deletes alone
     * @param file what it stands for
     */
    record Item<T>(long bytes, long sequence, boolean dirty, T file) {}

    /** Groups worth a rewrite, of one file or more each; every item is in one group at most. */
    <T> List<List<Item<T>>> groups(List<Item<T>> items) {
        List<Item<T>> candidates = new ArrayList<>();
        for (Item<T> item : items) {
            if (item.dirty() || item.bytes() < settings.smallBytes()) {
                candidates.add(item);
            }
        }
        candidates.sort(Comparator.comparingLong(Item::sequence));
        List<List<Item<T>>> groups = new ArrayList<>();
        for (List<Item<T>> bin : bins(candidates)) {
            List<Item<T>> group = worthwhile(bin);
            if (!group.isEmpty()) {
                groups.add(group);
            }
        }
        return groups;
    }

    private <T> List<List<Item<T>>> bins(List<Item<T>> candidates) {
        List<List<Item<T>>> bins = new ArrayList<>();
        List<Item<T>> open = new ArrayList<>();
        long filled = 0;
        for (Item<T> item : candidates) {
            boolean full = filled >= settings.targetBytes()
                    || filled + item.bytes() > settings.groupBytes()
                    || open.size() >= Math.max(settings.minFiles(), settings.commitFiles());
            if (full && !open.isEmpty()) {
                bins.add(open);
                open = new ArrayList<>();
                filled = 0;
            }
            open.add(item);
            filled += item.bytes();
        }
        if (!open.isEmpty()) {
            bins.add(open);
        }
        return bins;
    }

    private <T> List<Item<T>> worthwhile(List<Item<T>> bin) {
        List<Item<T>> group = new ArrayList<>(bin);
        while (bytes(group) < settings.smallBytes() && dropDominant(group)) {
            // each time one file less
            continue;
        }
        boolean dirty = group.stream().anyMatch(Item::dirty);
        boolean full = group.size() >= 2 && bytes(group) >= settings.smallBytes();
        return dirty || full || group.size() >= settings.minFiles() ? group : List.of();
    }

    private static <T> boolean dropDominant(List<Item<T>> group) {
        if (group.size() < 2) {
            return false;
        }
        Item<T> largest =
                group.stream().max(Comparator.comparingLong(Item::bytes)).orElseThrow();
        long others = bytes(group) - largest.bytes();
        return !largest.dirty() && largest.bytes() / DOMINANCE > others && group.remove(largest);
    }

    private static <T> long bytes(List<Item<T>> group) {
        return group.stream().mapToLong(Item::bytes).sum();
    }
}
