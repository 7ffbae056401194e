package io.firn.catalog.commit;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableOperations;
import org.apache.iceberg.exceptions.CommitFailedException;
import org.apache.iceberg.exceptions.CommitStateUnknownException;
import org.apache.iceberg.exceptions.ServiceUnavailableException;
import org.jspecify.annotations.Nullable;

/** Handles of one table of a real catalog, with faults between the handles and the catalog. */
final class FaultyTables implements CommitterRig.Faults {
    private enum Fault {
        LOSE_REPLY,
        LAND_LATE,
        DROP_REQUEST,
        CONFLICT,
        HIDE_SUCCESS
    }

    private record Late(TableOperations table, TableMetadata base, TableMetadata updated) {}

    private final Supplier<Table> opener;
    private final Deque<Fault> faults = new ArrayDeque<>();
    private final Deque<Late> late = new ArrayDeque<>();
    private Runnable meanwhile = () -> {};
    private boolean away;

    /** @param opener loads the table anew at each call */
    FaultyTables(Supplier<Table> opener) {
        this.opener = opener;
    }

    Table open() {
        Table table = opener.get();
        return new BaseTable(new Operations(((HasTableOperations) table).operations()), table.name());
    }

    @Override
    public void loseNextReply() {
        faults.add(Fault.LOSE_REPLY);
    }

    @Override
    public void dropNextRequest() {
        faults.add(Fault.DROP_REQUEST);
    }

    @Override
    public void landLate() {
        faults.add(Fault.LAND_LATE);
    }

    @Override
    public boolean deliverLate() {
        Late arrived = late.remove();
        try {
            arrived.table().commit(arrived.base(), arrived.updated());
            return true;
        } catch (CommitFailedException e) {
            return false;
        }
    }

    @Override
    public void conflictNext() {
        faults.add(Fault.CONFLICT);
    }

    @Override
    public void hideNextSuccess() {
        faults.add(Fault.HIDE_SUCCESS);
    }

    @Override
    public void meanwhile(Runnable story) {
        meanwhile = story;
    }

    @Override
    public void goAway() {
        away = true;
    }

    @Override
    public void comeBack() {
        away = false;
    }

    private void commit(TableOperations table, TableMetadata base, TableMetadata updated) {
        requireThere();
        @Nullable Fault fault = faults.poll();
        if (fault == Fault.CONFLICT) {
            throw new CommitFailedException("conflict on demand");
        }
        if (fault == Fault.LAND_LATE) {
            // Another handle that saw the same version stands for the request that is still on its way.
            TableOperations request = ((HasTableOperations) opener.get()).operations();
            late.add(new Late(request, request.current(), updated));
        }
        if (fault == Fault.LAND_LATE || fault == Fault.DROP_REQUEST) {
            throw new CommitStateUnknownException(new ServiceUnavailableException("no answer"));
        }
        table.commit(base, updated);
        Runnable story = meanwhile;
        meanwhile = () -> {};
        story.run();
        if (fault == Fault.HIDE_SUCCESS) {
            throw new CommitFailedException("the table has changed");
        }
        if (fault == Fault.LOSE_REPLY) {
            throw new CommitStateUnknownException(new ServiceUnavailableException("the answer was lost"));
        }
    }

    private void requireThere() {
        if (away) {
            throw new ServiceUnavailableException("the catalog is away");
        }
    }

    private final class Operations extends DelegatingOperations {
        Operations(TableOperations table) {
            super(table);
        }

        @Override
        public TableMetadata refresh() {
            requireThere();
            return table().refresh();
        }

        @Override
        public void commit(TableMetadata base, TableMetadata updated) {
            FaultyTables.this.commit(table(), base, updated);
        }
    }
}
