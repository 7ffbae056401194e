package io.firn.deploy.quickstart;

import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * The random tokens of a quickstart, each in a file that only its user may read. A second run finds those of the first,
 * so that what engines were configured with goes on working.
 *
 * @param operator for the page and the commands
 * @param writer for query engines
 */
record Secrets(Path operator, Path writer) {
    private static final int BYTES = 24;

    static Secrets in(Folder folder) throws IOException {
        return new Secrets(
                folder.file("operator.token", Secrets::random), folder.file("writer.token", Secrets::random));
    }

    private static String random() {
        byte[] bytes = new byte[BYTES];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
