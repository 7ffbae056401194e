package io.firn.compaction;

/**
 * An amount of work.
 *
 * @param files data files, delete files or whatever the job goes through
 * @param bytes of those files
 * @param rows in those files, where the job looks at rows; else 0
 */
public record Work(long files, long bytes, long rows) {
    public static final Work NONE = new Work(0, 0, 0);

    public Work {
        if (files < 0 || bytes < 0 || rows < 0) {
            throw new IllegalArgumentException(
                    "not an amount: " + files + " files, " + bytes + " bytes, " + rows + " rows");
        }
    }

    public Work plus(Work other) {
        return new Work(files + other.files, bytes + other.bytes, rows + other.rows);
    }

    public boolean isNone() {
        return files == 0 && bytes == 0 && rows == 0;
    }

    @Override
    public String toString() {
        return files + " files, " + bytes + " bytes, " + rows + " rows";
    }
}
