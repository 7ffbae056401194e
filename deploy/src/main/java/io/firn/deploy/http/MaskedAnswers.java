package io.firn.deploy.http;

import io.firn.deploy.output.Secrets;
import io.javalin.http.Context;

/**
 * Masks secrets in answers. Answers of the catalog to query engines are data that engines act on, such as the locations
 * of files; of those only errors are masked. The page's own files are left as they are.
 */
final class MaskedAnswers {
    private static final int ERROR = 400;

    private final Secrets secrets;

    MaskedAnswers(Secrets secrets) {
        this.secrets = secrets;
    }

    /** To be called when the answer is complete. */
    void mask(Context context) {
        String type = context.res().getContentType();
        boolean isJson = type != null && type.contains("json");
        boolean isText = type != null && type.startsWith("text/plain");
        boolean isCatalog = context.path().startsWith(IcebergRoutes.ROOT + "/") && context.statusCode() < ERROR;
        if (isCatalog || !isJson && !isText) {
            return;
        }
        String answer = context.result();
        if (answer != null) {
            String masked = isJson ? secrets.maskJson(answer) : secrets.mask(answer);
            if (!masked.equals(answer)) {
                context.result(masked);
            }
        }
    }
}
