package io.firn.deploy.chaos;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What came of a chapter.
 *
 * @param met the faults, in order
 * @param lost records that are missing, as {@code partition:offset}
 * @param doubled records that are there more than once
 * @param other what else is not as it must be, in words
 */
record Verdict(List<Met> met, List<String> lost, List<String> doubled, List<String> other) {
    /** Nobody knows what the table is like: of the faults only those that hung say anything. */
    static Verdict unread(List<Met> met, List<String> why) {
        return new Verdict(met.stream().filter(Met::hung).toList(), List.of(), List.of(), List.copyOf(why));
    }

    /** And what was wrong on the way. */
    Verdict with(List<String> wrong) {
        List<String> all = new ArrayList<>(wrong);
        all.addAll(other);
        return new Verdict(met, lost, doubled, List.copyOf(all));
    }

    boolean isClean() {
        return lost.isEmpty()
                && doubled.isEmpty()
                && other.isEmpty()
                && met.stream().noneMatch(Met::hung);
    }

    /** Of these positions the ones that the table took in between that fault's beginning and the next one's. */
    long during(int fault, List<String> positions) {
        return positions.stream().filter(position -> faultOf(position) == fault).count();
    }

    private int faultOf(String position) {
        String[] parts = position.split(":");
        int partition = Integer.parseInt(parts[0]);
        long offset = Long.parseLong(parts[1]);
        int found = 0;
        for (int i = 0; i < met.size(); i++) {
            Map<Integer, Long> ledger = met.get(i).ledger();
            if (ledger.getOrDefault(partition, 0L) <= offset) {
                found = i;
            }
        }
        return found;
    }

    /** All that is wrong, for a person. */
    List<String> complaints() {
        List<String> all = new ArrayList<>(other);
        if (!lost.isEmpty()) {
            all.add("lost: " + lost);
        }
        if (!doubled.isEmpty()) {
            all.add("doubled: " + doubled);
        }
        met.stream().filter(Met::hung).forEach(one -> all.add("hung: " + one.strike()));
        return all;
    }
}
