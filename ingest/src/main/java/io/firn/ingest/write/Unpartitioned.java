package io.firn.ingest.write;

import org.apache.iceberg.StructLike;

/** The one partition of a table that has none. */
final class Unpartitioned implements StructLike {
    static final Unpartitioned KEY = new Unpartitioned();

    private Unpartitioned() {}

    @Override
    public int size() {
        return 0;
    }

    @Override
    public <T> T get(int position, Class<T> javaClass) {
        throw new IndexOutOfBoundsException(position);
    }

    @Override
    public <T> void set(int position, T value) {
        throw new IndexOutOfBoundsException(position);
    }
}
