package io.firn.catalog.commit;

import java.util.Map;
import org.apache.iceberg.Table;

final class InMemoryTableCommitterTest extends TableCommitterContractTest {
    private final InMemoryTables tables = new InMemoryTables();

    @Override
    void createTable() {
        tables.create("t", SCHEMA, UNPARTITIONED, Map.of());
    }

    @Override
    Table open() {
        return tables.open("t");
    }

    @Override
    Faults faults() {
        return new Faults() {
            @Override
            public void loseNextReply() {
                tables.loseNextReply();
            }

            @Override
            public void dropNextRequest() {
                tables.dropNextRequest();
            }

            @Override
            public void landLate() {
                tables.landLate();
            }

            @Override
            public boolean deliverLate() {
                return tables.deliverLate();
            }

            @Override
            public void conflictNext() {
                tables.conflictNext();
            }

            @Override
            public void hideNextSuccess() {
                tables.hideNextSuccess();
            }

            @Override
            public void meanwhile(Runnable story) {
                tables.meanwhile(story);
            }

            @Override
            public void goAway() {
                tables.goAway();
            }

            @Override
            public void comeBack() {
                tables.comeBack();
            }
        };
    }
}
