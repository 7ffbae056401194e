package io.firn.ingest.decode;

/** What the decoders of one tree share, each used by one at a time. */
record Parsers(NumberText number, IsoText iso) {
    static Parsers create() {
        return new Parsers(new NumberText(), new IsoText());
    }
}
