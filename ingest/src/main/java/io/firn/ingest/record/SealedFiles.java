package io.firn.ingest.record;

import io.firn.catalog.schema.FileSchema;
import java.util.List;
import org.apache.iceberg.DataFile;

/**
 * What a writer made of its records since the last seal.
 *
 * @param files may be empty
 * @param schema what the files were written for, and what decided which records became rows
 */
public record SealedFiles(List<DataFile> files, FileSchema schema) {
    public SealedFiles {
        files = List.copyOf(files);
    }
}
