package io.firn.ingest.sim;

import io.firn.catalog.FirnException;
import io.firn.catalog.commit.InMemoryTables;
import io.firn.ingest.PipelineSettings.OnGap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.apache.iceberg.exceptions.RuntimeIOException;

/**
 * One run: a seed decides what happens, and after every event the guarantee is checked. At the end the faults stop, and
 * then everything Kafka holds has to get into the table.
 */
final class Fleet {
    private static final int EVENTS = 160;
    private static final int STEPS_TO_FINISH = 20_000;
    private static final int PROCESSES = 3;
    private static final int MAX_FREEZE_MILLIS = 4_000;
    private static final int LAST_EVENTS = 80;

    private final Random random;
    private final SimClock clock = new SimClock();
    private final TreeMap<String, SimKafka> topics = new TreeMap<>();
    private final SimTable table;
    private final ForeignEngine others;
    private final Coverage coverage;
    private final Set<String> missingSafeguards;
    private final SimProcess.Stage stage;
    private final List<SimProcess> processes = new ArrayList<>();
    private final Set<SimKafka> gapsAllowed = new HashSet<>();
    private final Deque<String> story = new ArrayDeque<>();
    private boolean faultsStopped;

    /** @param missingSafeguards of the committers, to show that they are missed */
    Fleet(long seed, Set<String> missingSafeguards, Coverage coverage) {
        this.random = new Random(seed * 0x9E3779B97F4A7C15L + 1);
        topics.put("orders", new SimKafka(clock, "orders", 1 + random.nextInt(3)));
        if (random.nextInt(4) == 0) {
            coverage.count("two pipelines feed one table");
            topics.put("returns", new SimKafka(clock, "returns", 1));
        }
        this.table = new SimTable(topics, random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 100);
        this.others = new ForeignEngine(table, random, coverage);
        this.coverage = coverage;
        this.missingSafeguards = missingSafeguards;
        this.stage = new SimProcess.Stage(table, clock, coverage);
        topics.values().stream().filter(topic -> random.nextBoolean()).forEach(gapsAllowed::add);
    }

    /** The last events, for a message. */
    String story() {
        return String.join(System.lineSeparator() + "  ", story);
    }

    void run() {
        for (int event = 0; event < EVENTS; event++) {
            happen();
            table.check();
        }
        finish();
    }

    /** Checks the end once more from nothing but what the store holds. */
    void checkThoroughly() {
        table.checkThoroughly();
    }

    private void happen() {
        int dice = random.nextInt(1000);
        if (dice < 690) {
            step();
        } else if (dice < 730) {
            clock.advance(random.nextInt(400));
        } else if (dice < 810) {
            anyTopic().produce(random);
        } else if (dice < 860) {
            startOrEnd();
        } else if (dice < 885) {
            freeze();
        } else if (dice < 930) {
            fault(random.nextInt(10));
        } else if (dice < 980) {
            tell(others.act());
        } else {
            kafkaEvent(anyTopic());
        }
    }

    private SimKafka anyTopic() {
        List<SimKafka> all = List.copyOf(topics.values());
        return all.get(random.nextInt(all.size()));
    }

    private void kafkaEvent(SimKafka topic) {
        int dice = random.nextInt(10);
        if (dice < 4 && topic.partitions().size() < 5) {
            topic.addPartition();
            happened("a partition is added");
        } else if (dice < 9) {
            topic.retain(random);
            happened("Kafka drops old records");
        } else {
            topic.recreateTopic();
            happened("a topic is deleted and created again");
        }
    }

    private void step() {
        List<SimProcess> awake =
                processes.stream().filter(process -> !process.frozen()).toList();
        if (awake.isEmpty()) {
            clock.advance(200);
            return;
        }
        step(awake.get(random.nextInt(awake.size())));
        clock.advance(random.nextInt(60));
    }

    private void step(SimProcess process) {
        try {
            process.step();
            if (process.ended()) {
                happened("a process has stopped in good order");
                processes.remove(process);
            }
        } catch (SimProcess.Crash crash) {
            happened("a process dies while it waits for a commit");
            processes.remove(process);
        } catch (FirnException stop) {
            processes.remove(process);
            answer(stop, process.kafka());
        } catch (RuntimeIOException storeAway) {
            happened("a process fails because the store is away when it is to stop");
            processes.remove(process);
        }
    }

    /** A pipeline that stops must have reason to; then somebody reads the message and does what it says. */
    private void answer(FirnException stop, SimKafka topic) {
        boolean reason =
                switch (stop.code()) {
                    case "offsets-lost" -> topic.hasDroppedRecords();
                    case "topic-recreated" -> topic.wasCreatedAgain();
                    case "ledger-unclear" -> table.isUnclear();
                    default -> false;
                };
        if (!reason) {
            throw new AssertionError("a process stops without reason: " + stop.getMessage(), stop);
        }
        happened("a process stops: " + stop.code());
        if (stop.code().equals("ledger-unclear")) {
            tell(others.declareLedger());
        } else {
            gapsAllowed.add(topic);
        }
    }

    private void startOrEnd() {
        int dice = random.nextInt(10);
        if (processes.size() < PROCESSES && dice < 7) {
            start(anyTopic());
        } else if (!processes.isEmpty() && dice < 9) {
            happened("a process dies");
            processes.remove(random.nextInt(processes.size()));
        } else if (!processes.isEmpty()) {
            tell("a process is asked to stop");
            processes.get(random.nextInt(processes.size())).requestStop();
        }
    }

    private void start(SimKafka topic) {
        tell("a process starts");
        OnGap onGap = gapsAllowed.contains(topic) ? OnGap.RECORD : OnGap.STOP;
        processes.add(new SimProcess(
                stage, topic, onGap, new Random(random.nextLong()), missingSafeguards, this::commitLandedUnknown));
    }

    private void commitLandedUnknown() {
        tell("a commit has landed, its answer is lost");
        if (!faultsStopped && random.nextInt(3) == 0) {
            table.check();
            tell(others.actAtTheWorstMoment());
        }
    }

    private void freeze() {
        if (processes.isEmpty()) {
            return;
        }
        SimProcess process = processes.get(random.nextInt(processes.size()));
        long millis = random.nextInt(MAX_FREEZE_MILLIS);
        if (random.nextBoolean()) {
            tell("a process will freeze before its next commit");
            process.freezeBeforeCommit(millis);
        } else {
            happened("a process freezes");
            process.freeze(millis);
            if (random.nextBoolean()) {
                happened("a session ends while its process is frozen");
                process.loseSessions();
            }
        }
    }

    private void fault(int which) {
        InMemoryTables catalog = table.tables();
        switch (which) {
            case 0, 1 -> catalog.loseNextReply();
            case 2 -> catalog.landLate();
            case 3 -> deliverLate();
            case 4 -> catalog.dropNextRequest();
            case 5 -> catalog.conflictNext();
            case 6 -> catalog.hideNextSuccess();
            case 7 -> catalog.goAway();
            case 8 -> {
                catalog.comeBack();
                table.files().goAway(false);
            }
            default -> table.files().goAway(true);
        }
        happened(FAULTS.get(which));
    }

    private static final List<String> FAULTS = List.of(
            "the next answer will be lost",
            "the next answer will be lost",
            "the next commit will be late",
            "late commits arrive",
            "the next request will be lost",
            "the next commit will be refused",
            "the next success will look like a conflict",
            "the catalog is away",
            "catalog and store are back",
            "the store is away");

    private void deliverLate() {
        if (table.tables().late() > 0) {
            happened(table.tables().deliverLate() ? "a late commit lands" : "a late commit comes too late");
        }
    }

    /** Without faults the fleet has to get everything in, whatever happened before. */
    private void finish() {
        tell("the faults stop");
        faultsStopped = true;
        table.tables().comeBack();
        table.files().goAway(false);
        while (table.tables().late() > 0) {
            deliverLate();
            table.check();
        }
        gapsAllowed.addAll(topics.values());
        topics.values().forEach(this::start);
        processes.forEach(SimProcess::calm);
        for (int steps = 0; !table.isComplete(); steps++) {
            if (steps > STEPS_TO_FINISH) {
                throw new AssertionError("stuck at " + table.truth().ledger());
            }
            for (SimKafka topic : topics.values()) {
                if (processes.stream().noneMatch(process -> process.kafka() == topic)) {
                    start(topic);
                }
            }
            step();
            clock.advance(30);
            table.check();
        }
    }

    private void happened(String event) {
        coverage.count(event);
        tell(event);
    }

    private void tell(String event) {
        story.add(clock.instant() + " " + event);
        if (story.size() > LAST_EVENTS) {
            story.poll();
        }
    }
}
