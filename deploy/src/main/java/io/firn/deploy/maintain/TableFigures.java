package io.firn.deploy.maintain;

import io.firn.catalog.FailureText;
import io.firn.catalog.FirnException;
import io.firn.compaction.JobResult;
import io.firn.compaction.plan.JobKind;
import io.firn.compaction.plan.TableDebt;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * What maintenance has seen of the tables: for those who watch, who then need not look themselves. Safe for use by
 * several threads.
 */
public final class TableFigures {
    /** Of a table that nobody has looked at. */
    public static final Seen NOT_SEEN =
            new Seen(Optional.empty(), Optional.empty(), Optional.empty(), Map.of(), Map.of(), Optional.empty());

    /** Of a kind of job that did not run. */
    public static final Runs NO_RUNS = new Runs(0, Duration.ZERO, 0);

    private final Map<String, Seen> tables = new TreeMap<>();

    /**
     * Of one table, as of the last look.
     *
     * @param lookedAt when debt or lag was read last; empty before the first look
     * @param debt empty before the first look, or where nobody looks
     * @param lag of a keyed table behind its staging table
     * @param runs of jobs that found something to do, by kind
     * @param standings of jobs that ended or failed, by kind
     * @param refusal why jobs delete none of its files, if so
     */
    public record Seen(
            Optional<Instant> lookedAt,
            Optional<TableDebt> debt,
            Optional<TableDebt.StagingLag> lag,
            Map<JobKind, Runs> runs,
            Map<JobKind, Standing> standings,
            Optional<String> refusal) {
        public Seen {
            runs = Map.copyOf(runs);
            standings = Map.copyOf(standings);
        }
    }

    /**
     * Of all runs of one kind of job so far.
     *
     * @param conflicts commits of theirs that somebody else's got in the way of
     */
    public record Runs(long count, Duration time, long conflicts) {}

    /**
     * How one kind of job gets on.
     *
     * @param lastSuccess when a run last ended well, with or without work
     * @param failuresInARow since then
     * @param failingSince the first of them
     * @param error the last of them, one line
     * @param remedy of the last of them
     */
    public record Standing(
            Optional<Instant> lastSuccess,
            long failuresInARow,
            Optional<Instant> failingSince,
            Optional<String> error,
            Remedy remedy) {
        /** What ends a failure. */
        public enum Remedy {
            /** It may work when it is tried again. */
            RETRY,
            /** A person has to change something. */
            PERSON
        }

        /** A proxy, or a store in trouble, says for a while that a file does not exist. */
        private static final String FILE_LOST = "file-lost";

        static final Standing NEW = new Standing(Optional.empty(), 0, Optional.empty(), Optional.empty(), Remedy.RETRY);

        Standing succeeded(Instant now) {
            return new Standing(Optional.of(now), 0, Optional.empty(), Optional.empty(), Remedy.RETRY);
        }

        Standing failed(Instant now, Throwable why) {
            return new Standing(
                    lastSuccess,
                    failuresInARow + 1,
                    Optional.of(failingSince.orElse(now)),
                    Optional.of(FailureText.of(why)),
                    remedy(why));
        }

        private static Remedy remedy(Throwable why) {
            boolean isRefusal = why instanceof FirnException
                    && ((FirnException) why).kind() == FirnException.Kind.USER
                    && !((FirnException) why).code().equals(FILE_LOST);
            return isRefusal ? Remedy.PERSON : Remedy.RETRY;
        }
    }

    void saw(String table, TableDebt debt, Instant now) {
        change(
                table,
                seen -> new Seen(
                        Optional.of(now),
                        Optional.of(debt),
                        seen.lag(),
                        seen.runs(),
                        seen.standings(),
                        seen.refusal()));
    }

    void saw(String table, TableDebt.StagingLag lag, Instant now) {
        change(
                table,
                seen -> new Seen(
                        Optional.of(now),
                        seen.debt(),
                        Optional.of(lag),
                        seen.runs(),
                        seen.standings(),
                        seen.refusal()));
    }

    void succeeded(String table, JobKind kind, Instant now) {
        stands(table, kind, standing -> standing.succeeded(now));
    }

    void failed(String table, JobKind kind, Instant now, Throwable why) {
        stands(table, kind, standing -> standing.failed(now, why));
    }

    /** Returns how a kind of job gets on; empty before its first run. */
    public Optional<Standing> standing(String table, JobKind kind) {
        return Optional.ofNullable(
                all().getOrDefault(table, NOT_SEEN).standings().get(kind));
    }

    private void stands(String table, JobKind kind, UnaryOperator<Standing> next) {
        change(table, seen -> {
            Map<JobKind, Standing> standings = new EnumMap<>(JobKind.class);
            standings.putAll(seen.standings());
            standings.put(kind, next.apply(standings.getOrDefault(kind, Standing.NEW)));
            return new Seen(seen.lookedAt(), seen.debt(), seen.lag(), seen.runs(), standings, seen.refusal());
        });
    }

    /** Notes a run that is over. */
    public void ran(String table, JobKind kind, Duration time, JobResult result) {
        if (result.count("deletion-refused") > 0) {
            deletionRefused(table, Optional.of(result.reason()));
        } else if (kind == JobKind.ORPHANS || kind == JobKind.METADATA) {
            deletionRefused(table, Optional.empty());
        }
        if (result.end() == JobResult.End.NOTHING) {
            return;
        }
        change(table, seen -> {
            Map<JobKind, Runs> runs = new EnumMap<>(JobKind.class);
            runs.putAll(seen.runs());
            Runs before = runs.getOrDefault(kind, NO_RUNS);
            runs.put(
                    kind,
                    new Runs(
                            before.count() + 1,
                            before.time().plus(time),
                            before.conflicts() + result.count("conflicts")));
            return new Seen(seen.lookedAt(), seen.debt(), seen.lag(), runs, seen.standings(), seen.refusal());
        });
    }

    /** Notes why jobs delete none of the table's files; empty if they do. */
    void deletionRefused(String table, Optional<String> reason) {
        change(
                table,
                seen -> new Seen(seen.lookedAt(), seen.debt(), seen.lag(), seen.runs(), seen.standings(), reason));
    }

    private synchronized void change(String table, UnaryOperator<Seen> change) {
        tables.put(table, change.apply(tables.getOrDefault(table, NOT_SEEN)));
    }

    /** By table. */
    public synchronized Map<String, Seen> all() {
        return Collections.unmodifiableMap(new TreeMap<>(tables));
    }
}
