package io.firn.deploy;

import io.firn.catalog.commit.CommitAttempts;
import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.deploy.cli.FirnCommand;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.apache.iceberg.AppendFiles;
import org.apache.iceberg.SerializableTable;
import org.apache.iceberg.Table;
import sun.misc.Signal;

/**
 * The service without its guarantee, for the bench that asks what it costs: commits are plain appends, no snapshot has
 * a ledger, nothing is checked, no commit is looked up. Not in the distribution, so no configuration can reach it.
 */
public final class UnguardedMain {
    private UnguardedMain() {}

    public static void main(String[] arguments) {
        StopRequest stop = new StopRequest();
        Signal.handle(new Signal("TERM"), signal -> stop.request());
        Assembly assembly = new Assembly(
                Clock.systemUTC(),
                new SplittableRandom()::split,
                System::getenv,
                (table, random, missing, turn) -> new Unguarded(table));
        Charset charset = Charset.defaultCharset();
        System.exit(FirnCommand.run(
                assembly,
                stop,
                new PrintWriter(System.out, true, charset),
                new PrintWriter(System.err, true, charset),
                arguments));
    }

    /** As anybody would append files with Iceberg; where to go on is kept in memory alone. */
    private static final class Unguarded implements CommitAttempts {
        private final Table table;
        private final Table opened;
        private Ledger reached = Ledger.empty();

        Unguarded(Table table) {
            this.table = table;
            this.opened = SerializableTable.copyOf(table);
        }

        @Override
        public CommitOutcome attempt(TableCommit commit) {
            if (!commit.files().isEmpty()) {
                AppendFiles append = table.newFastAppend();
                commit.files().forEach(append::appendFile);
                append.commit();
            }
            Map<SourcePartition, PartitionEntry> entries = new TreeMap<>();
            commit.steps()
                    .forEach((partition, step) -> entries.put(
                            partition, new PartitionEntry(0, step.range().end(), step.until(), List.of())));
            reached = reached.with(commit.pipeline(), entries);
            return new CommitOutcome.Committed(0, reached);
        }

        @Override
        public long waitedMillis() {
            return 0;
        }

        @Override
        public Ledger refreshedLedger() {
            return reached;
        }

        @Override
        public Table latest() {
            return opened;
        }
    }
}
