package io.firn.ingest.poll;

import io.firn.catalog.FirnException;
import java.util.Locale;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.jspecify.annotations.Nullable;

/** Kafka's exceptions as failures that say what to do: here and nowhere else. */
final class KafkaFailures {
    private KafkaFailures() {}

    /**
     * @param failure what the client threw
     * @param operation in plain words, as {@code list topics}
     */
    static FirnException translated(@Nullable Throwable failure, String operation, String brokers) {
        String where = operation + ", brokers " + brokers;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof GroupAuthorizationException) {
                return user(
                        "kafka-auth",
                        "Kafka refuses access to the consumer group " + ((GroupAuthorizationException) cause).groupId(),
                        where,
                        "grant READ on the group, or on every group with the prefix " + ReaderIdentity.GROUP_PREFIX
                                + " (pattern type PREFIXED)",
                        failure);
            }
            if (cause instanceof AuthenticationException || cause instanceof AuthorizationException) {
                return user(
                        "kafka-auth",
                        "Kafka refuses access: " + cause.getMessage(),
                        where,
                        "check the credentials and permissions under kafka:",
                        failure);
            }
            if (cause instanceof InvalidTopicException || cause instanceof FencedInstanceIdException) {
                return user("kafka-config", String.valueOf(cause.getMessage()), where, "correct the pipeline", failure);
            }
            if (cause instanceof ConfigException && !isUnresolved(cause)) {
                return user("kafka-config", String.valueOf(cause.getMessage()), where, "correct kafka:", failure);
            }
        }
        Throwable known = failure == null ? new IllegalStateException("no answer") : failure;
        return FirnException.external("kafka-unreachable", "Kafka does not answer: " + reason(known), where, "", known);
    }

    /** A name that does not resolve may do so later, in a cluster that is just coming up. */
    private static boolean isUnresolved(Throwable cause) {
        return String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT).contains("no resolvable bootstrap");
    }

    private static String reason(Throwable failure) {
        return failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
    }

    private static FirnException user(
            String code, String what, String where, String action, @Nullable Throwable cause) {
        return new FirnException(code, FirnException.Kind.USER, what, where, action, cause);
    }
}
