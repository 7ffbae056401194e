package io.firn.compaction.parquet;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.parquet.DisagreeingFile;
import io.firn.catalog.parquet.ParquetOutput;
import io.firn.catalog.schema.SchemaText;
import java.io.IOException;
import org.apache.iceberg.Schema;
import org.apache.iceberg.inmemory.InMemoryOutputFile;
import org.apache.iceberg.parquet.ParquetSchemaUtil;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.junit.jupiter.api.Test;

class PageConcatTest {
    @Test
    void aFileWhoseColumnsDisagreeIsNotCopied() throws IOException {
        Schema schema = SchemaText.parse("l list<struct<a long, b long>>");
        InMemoryOutputFile damaged = new InMemoryOutputFile();
        DisagreeingFile.write(schema, damaged);
        try (PageConcat concat = new PageConcat(
                new ParquetOutput(new InMemoryOutputFile()),
                ParquetSchemaUtil.convert(schema, "table"),
                CompressionCodecName.ZSTD,
                1 << 20,
                1 << 20)) {
            assertThatThrownBy(() -> concat.append(damaged.toByteArray()))
                    .isInstanceOf(IOException.class)
                    .isNotInstanceOf(NotCopyableException.class)
                    .hasMessageContaining("column l.list.element.b has 7 entries, column l.list.element.a 8");
        }
    }
}
