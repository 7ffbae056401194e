package io.firn.ingest.sim;

import io.firn.catalog.commit.InMemoryTables;
import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/** What catalog, store and Kafka do to the processes. An outage ends by itself after a while. */
final class Faults {
    private static final int STEPS_OF_AN_OUTAGE = 60;
    private static final int STEPS_OF_A_LATE_COMMIT = 15;

    private final SimTable table;
    private final InMemoryTables catalog;
    private final List<SimKafka> topics;
    private final RandomGenerator random;
    private final Consumer<String> happened;

    /** @param happened is told what happens */
    Faults(SimTable table, List<SimKafka> topics, RandomGenerator random, Consumer<String> happened) {
        this.table = table;
        this.catalog = table.tables();
        this.topics = topics;
        this.random = random;
        this.happened = happened;
    }

    void begin() {
        switch (random.nextInt(10)) {
            case 0, 1 -> {
                catalog.loseNextReply();
                happened.accept("the next answer will be lost");
            }
            case 2, 3 -> {
                catalog.landLate();
                happened.accept("the next commit will be late");
            }
            case 4 -> {
                catalog.dropNextRequest();
                happened.accept("the next request will be lost");
            }
            case 5 -> {
                catalog.conflictNext();
                happened.accept("the next commit will be refused");
            }
            case 6 -> {
                catalog.hideNextSuccess();
                happened.accept("the next success will look like a conflict");
            }
            case 7 -> {
                catalog.goAway();
                happened.accept("the catalog is away");
            }
            case 8 -> storeGoesAway();
            default -> {
                topics.get(random.nextInt(topics.size())).goAway(true);
                happened.accept("Kafka is away");
            }
        }
    }

    void storeGoesAway() {
        table.files().goAway(true);
        happened.accept("the store is away");
    }

    /** Some time later: some of it is over. */
    void pass() {
        if (catalog.late() > 0 && random.nextInt(STEPS_OF_A_LATE_COMMIT) == 0) {
            deliverLate();
        }
        if (random.nextInt(STEPS_OF_AN_OUTAGE) == 0) {
            comeBack();
        }
    }

    /** All of it is over. */
    void end() {
        comeBack();
        while (catalog.late() > 0) {
            deliverLate();
        }
    }

    private void comeBack() {
        catalog.comeBack();
        table.files().goAway(false);
        topics.forEach(topic -> topic.goAway(false));
    }

    private void deliverLate() {
        happened.accept(catalog.deliverLate() ? "a late commit lands" : "a late commit comes too late");
        table.check();
    }
}
