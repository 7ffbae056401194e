package io.firn.deploy.chaos;

import java.util.Map;

/**
 * A fault that was carried out, and what came of it.
 *
 * @param ledger the next offset of every partition at its beginning
 * @param recoveryMillis from its end until every partition has a later commit than at its end; negative: it hung
 */
record Met(Strike strike, Map<Integer, Long> ledger, long recoveryMillis) {
    boolean hung() {
        return recoveryMillis < 0;
    }
}
