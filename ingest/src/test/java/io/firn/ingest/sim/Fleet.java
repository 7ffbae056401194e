package io.firn.ingest.sim;

import io.firn.catalog.FirnException;
import io.firn.catalog.commit.MissingLedger;
import io.firn.ingest.PipelineSettings.OnGap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/**
 * One run: a seed decides what happens, and after every event the guarantee is checked. At the end the faults stop, and
 * then everything Kafka holds has to get into the table.
 */
final class Fleet {
    private static final int EVENTS = 24;
    private static final int MOST_STEPS_BETWEEN_EVENTS = 40;
    private static final int STEPS_TO_FINISH = 20_000;
    private static final int PROCESSES = 3;
    private static final int MAX_FREEZE_MILLIS = 1_500;
    private static final int LAST_TOLD = 80;

    /** Soon there are more offsets than an int can count. */
    private static final long FIRST_OFFSET = Integer.MAX_VALUE - 20L;

    private final Random random;
    private final SimClock clock = new SimClock();
    private final TreeMap<String, SimKafka> topics = new TreeMap<>();
    private final SimTable table;
    private final ForeignEngine others;
    private final ForeignDdl ddl;
    private final Faults faults;
    private final SimProcess.Stage stage;
    private final EventKind.Mix mix;
    private final List<SimProcess> processes = new ArrayList<>();
    private final Set<SimKafka> gapsAllowed = new HashSet<>();
    private final Deque<String> story = new ArrayDeque<>();
    private MissingLedger missingLedger;
    private boolean faultsStopped;

    /** @param missingSafeguards of the committers, to show that they are missed */
    Fleet(long seed, Set<String> missingSafeguards, Coverage coverage) {
        this.random = new Random(seed * 0x9E3779B97F4A7C15L + 1);
        topics.put("orders", new SimKafka(clock, coverage, "orders", 1 + random.nextInt(3), FIRST_OFFSET));
        if (random.nextInt(4) == 0) {
            coverage.count("two pipelines feed one table");
            topics.put("returns", new SimKafka(clock, coverage, "returns", 1, FIRST_OFFSET));
        }
        this.table = new SimTable(topics, random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 100);
        this.others = new ForeignEngine(table, random, coverage);
        this.ddl = new ForeignDdl(table, random, coverage);
        this.faults = new Faults(table, List.copyOf(topics.values()), random, this::happened);
        this.stage = new SimProcess.Stage(table, clock, coverage, missingSafeguards);
        this.mix = new EventKind.Mix(random);
        this.missingLedger = random.nextInt(3) == 0 ? MissingLedger.ADOPT : MissingLedger.REFUSE;
        topics.values().stream().filter(topic -> random.nextBoolean()).forEach(gapsAllowed::add);
    }

    /** The last events, for a message. */
    String story() {
        return String.join(System.lineSeparator() + "  ", story);
    }

    void run() {
        topics.values().forEach(this::start);
        for (int event = 0; event < EVENTS; event++) {
            for (int steps = random.nextInt(MOST_STEPS_BETWEEN_EVENTS); steps > 0; steps--) {
                step();
                faults.pass();
                check();
            }
            happen();
            check();
        }
        finish();
    }

    /** Checks the end once more from nothing but what the store holds. */
    void checkThoroughly() {
        table.checkThoroughly();
    }

    private void happen() {
        EventKind kind = mix.next(random);
        switch (kind) {
            case PRODUCE -> anyTopic().produce(random);
            case TIME_PASSES -> clock.advance(random.nextInt(1_000));
            case START -> {
                if (processes.size() < PROCESSES) {
                    start(anyTopic());
                }
            }
            case STOP, DEATH, DEATH_AT_A_STEP, FREEZE, FREEZE_BEFORE_COMMIT -> {
                if (!processes.isEmpty()) {
                    strike(kind, processes.get(random.nextInt(processes.size())));
                }
            }
            case FAULT -> faults.begin();
            case OTHERS -> tell(others.act());
            case DDL -> tell(ddl.act());
            case KAFKA -> kafkaEvent(anyTopic());
            case RENAME -> rename(anyTopic());
        }
    }

    private void strike(EventKind kind, SimProcess process) {
        long millis = random.nextInt(MAX_FREEZE_MILLIS);
        if (kind == EventKind.STOP) {
            tell("a process is asked to stop");
            process.requestStop();
            if (random.nextInt(3) == 0) {
                faults.storeGoesAway();
            }
        } else if (kind == EventKind.DEATH) {
            happened("a process dies between two turns");
            processes.remove(process);
        } else if (kind == EventKind.DEATH_AT_A_STEP) {
            // Files are removed so seldom that this step has to be lain in wait for.
            Lifeline.Step[] steps = Lifeline.Step.values();
            process.dieAt(random.nextInt(4) == 0 ? Lifeline.Step.REMOVE : steps[random.nextInt(steps.length)]);
        } else if (kind == EventKind.FREEZE_BEFORE_COMMIT) {
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

    private SimKafka anyTopic() {
        List<SimKafka> all = List.copyOf(topics.values());
        return all.get(random.nextInt(all.size()));
    }

    /** A person changes the configuration and starts a process with it; one that runs may be forgotten. */
    private void rename(SimKafka topic) {
        boolean isRunning = processes.stream().anyMatch(process -> process.kafka() == topic);
        topic.renamePipeline();
        happened(isRunning ? "a pipeline is renamed while an old process still runs" : "a pipeline is renamed");
        if (processes.size() < PROCESSES) {
            start(topic);
        }
    }

    private void kafkaEvent(SimKafka topic) {
        int dice = random.nextInt(10);
        if (dice < 4 && topic.partitions().size() < 5) {
            topic.addPartition();
            happened("a partition is added");
        } else if (dice < 8) {
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
            clock.advance(100);
            return;
        }
        step(awake.get(random.nextInt(awake.size())));
        clock.advance(random.nextInt(30));
    }

    private void step(SimProcess process) {
        try {
            process.step();
            if (process.ended()) {
                happened(
                        process.droppedAtEnd()
                                ? "a process stops without what it cannot write"
                                : "a process has stopped in good order");
                processes.remove(process);
            }
        } catch (Lifeline.Crash crash) {
            happened(String.valueOf(crash.getMessage()));
            processes.remove(process);
        } catch (FirnException stop) {
            processes.remove(process);
            answer(stop, process);
        }
    }

    /** A pipeline that stops must have reason to; then somebody reads the message and does what it says. */
    private void answer(FirnException stop, SimProcess process) {
        SimKafka topic = process.kafka();
        boolean reason =
                switch (stop.code()) {
                    case "offsets-lost" -> topic.hasDroppedRecords();
                    case "topic-recreated" -> topic.wasCreatedAgain();
                    case "ledger-unclear" -> table.isUnclear();
                    case "topic-already-read" -> topic.earlierName().isPresent();
                    case "bad-record" -> true;
                    case "table-replaced" -> table.wasRecreated();
                    default -> !stage.missingSafeguards().isEmpty();
                };
        if (!reason) {
            throw new AssertionError("a process stops without reason: " + stop.getMessage(), stop);
        }
        happened("a process stops: " + stop.code());
        switch (stop.code()) {
            case "ledger-unclear" -> tell(others.declareLedger());
            case "topic-already-read" -> {
                happened(
                        process.pipeline().equals(topic.pipeline())
                                ? "a process stops: its pipeline has another name in the table"
                                : "an old process stops: its pipeline was renamed");
                table.nameInLedger(topic).ifPresent(topic::correctEarlierName);
            }
            case "bad-record" -> tell(ddl.takeEverything());
            case "table-replaced" -> {}
            case "table-has-no-ledger" -> missingLedger = MissingLedger.ADOPT;
            default -> gapsAllowed.add(topic);
        }
    }

    private void start(SimKafka topic) {
        tell("a process starts");
        OnGap onGap = gapsAllowed.contains(topic) ? OnGap.RECORD : OnGap.STOP;
        SimProcess.Configured configured = new SimProcess.Configured(onGap, missingLedger);
        processes.add(
                new SimProcess(stage, topic, configured, new Random(random.nextLong()), this::commitLandedUnknown));
    }

    private void commitLandedUnknown() {
        tell("a commit has landed, its answer is lost");
        if (!faultsStopped && random.nextInt(2) == 0) {
            table.check();
            tell(others.actAtTheWorstMoment());
        }
    }

    /** Without faults the fleet has to get everything in, whatever happened before. */
    private void finish() {
        tell("the faults stop");
        faultsStopped = true;
        faults.end();
        gapsAllowed.addAll(topics.values());
        topics.values().forEach(SimKafka::calm);
        processes.forEach(SimProcess::calm);
        for (int steps = 0; !table.isComplete(); steps++) {
            if (steps > STEPS_TO_FINISH) {
                throw new AssertionError("stuck at " + table.truth().ledger());
            }
            for (SimKafka topic : topics.values()) {
                if (processes.stream()
                        .noneMatch(process ->
                                process.kafka() == topic && process.pipeline().equals(topic.pipeline()))) {
                    start(topic);
                }
            }
            step();
            clock.advance(30);
            check();
        }
    }

    private void check() {
        table.check();
        if (stage.missingSafeguards().isEmpty() && table.misdescribed().isPresent()) {
            throw new AssertionError(table.misdescribed().get());
        }
    }

    private void happened(String event) {
        stage.coverage().count(event);
        tell(event);
    }

    private void tell(String event) {
        story.add(clock.instant() + " " + event);
        if (story.size() > LAST_TOLD) {
            story.poll();
        }
    }
}
