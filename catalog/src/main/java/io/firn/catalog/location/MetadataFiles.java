package io.firn.catalog.location;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.Iterator;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.FileInfo;
import org.apache.iceberg.io.SupportsPrefixOperations;

/** Versions of tables' metadata, as files in a store. */
final class MetadataFiles {
    private static final JsonFactory JSON = new JsonFactory();

    private MetadataFiles() {}

    /** Returns whether the name is that of a version of a table's or view's metadata. */
    static boolean isOne(String location) {
        String name = location.substring(location.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
        return name.endsWith(".metadata.json") || name.endsWith(".metadata.json.gz");
    }

    /** Lists a directory with all below it; one that does not exist has no files. */
    static Iterator<FileInfo> list(SupportsPrefixOperations io, String directory) {
        try {
            return io.listPrefix(directory + "/").iterator();
        } catch (UncheckedIOException e) {
            if (e.getCause() instanceof FileNotFoundException) {
                return Collections.emptyIterator();
            }
            throw e;
        }
    }

    /**
     * Returns the UUID of the table or view that a file describes.
     *
     * @return empty if no table can be read from the file: it is gone, empty or cut off; an empty text if it describes
     *     one without a UUID
     */
    static Optional<String> uuid(FileIO io, String location) {
        try (InputStream stored = io.newInputFile(location).newStream();
                InputStream bytes = location.contains(".gz") ? new GZIPInputStream(stored) : stored;
                JsonParser json = JSON.createParser(bytes)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                return Optional.empty();
            }
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String field = json.currentName();
                json.nextToken();
                if (field.equals("table-uuid") || field.equals("view-uuid")) {
                    return Optional.of(json.getText());
                }
                json.skipChildren();
            }
            return Optional.of("");
        } catch (JsonProcessingException | EOFException | ZipException | NotFoundException unreadable) {
            return Optional.empty();
        } catch (FileNotFoundException gone) {
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
