package io.firn.compaction;

import io.firn.catalog.FailureText;
import io.firn.catalog.FirnException;
import java.io.IOException;
import java.io.UncheckedIOException;

/** The border to table and store: what they throw becomes a failure that a person can read, once. */
public final class Foreign {
    private Foreign() {}

    /** A call that may fail for reasons outside of Firn. */
    @FunctionalInterface
    public interface Call<T> {
        T run() throws IOException;
    }

    /** As {@link Call}, for nothing. */
    @FunctionalInterface
    public interface Action {
        void run() throws IOException;
    }

    /**
     * @param what what can not be done where the call fails, one sentence
     * @param where table or file
     */
    @SuppressWarnings("IllegalCatch") // catalogs and stores throw what they like
    public static <T> T call(String what, String where, Call<T> call) {
        try {
            return call.run();
        } catch (FirnException e) {
            throw e;
        } catch (IOException e) {
            throw failed(what, where, new UncheckedIOException(e));
        } catch (RuntimeException e) {
            throw failed(what, where, e);
        }
    }

    /** As {@link #call}. */
    public static void run(String what, String where, Action action) {
        call(what, where, () -> {
            action.run();
            return true;
        });
    }

    private static FirnException failed(String what, String where, RuntimeException cause) {
        return FirnException.external(
                "job-failed",
                what + ": " + FailureText.of(cause),
                where,
                "what the job committed stays; run it again",
                cause);
    }
}
