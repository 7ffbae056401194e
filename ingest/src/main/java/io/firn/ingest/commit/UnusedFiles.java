package io.firn.ingest.commit;

import java.util.List;
import org.apache.iceberg.DataFile;

/** Removes data files that no commit was ever tried with. Best effort: it logs and does not throw. */
@FunctionalInterface
public interface UnusedFiles {
    void remove(List<DataFile> files);
}
