package io.firn.deploy.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.TableVerifier;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;

/** What can happen to a service process. Kinds take turns, victims, moments and lengths are drawn. */
final class Faults {
    private static final int COMMIT_INTERVAL_MILLIS = 1000;

    private final Random random;
    private final TableVerifier verifier;
    private final Consumer<String> log;

    Faults(Random random, TableVerifier verifier, Consumer<String> log) {
        this.random = random;
        this.verifier = verifier;
        this.log = log;
    }

    /** Waits for a moment, strikes, and puts things right again. @return what was done */
    String strike(int round, FirnProcess victim) {
        if (random.nextInt(4) > 0) {
            victim.awaitJoined();
        }
        String moment = moment();
        switch (round % 3) {
            case 1:
                return moment + killed(victim);
            case 2:
                return moment + frozen(victim);
            default:
                return moment + restarted(victim);
        }
    }

    /** Half of the strikes come right around the next commit, seen from the one before. */
    private String moment() {
        if (random.nextBoolean()) {
            Eventually.pause(Duration.ofMillis(random.nextInt(2000)));
            return "at a random moment ";
        }
        Map<Integer, Long> before = verifier.ledger();
        Eventually.holds("another commit", Duration.ofSeconds(90), () -> !verifier.ledger()
                .equals(before));
        Eventually.pause(Duration.ofMillis(COMMIT_INTERVAL_MILLIS - 350L + random.nextInt(400)));
        return "around a commit ";
    }

    private String killed(FirnProcess victim) {
        victim.kill9();
        Duration down = Duration.ofMillis(random.nextInt(3000));
        Eventually.pause(down);
        victim.start();
        return "kill -9 of " + victim.name() + ", back after " + down.toMillis() + " ms";
    }

    private String frozen(FirnProcess victim) {
        Duration length = BrokerProcess.SESSION_TIMEOUT.plusMillis(1500 + random.nextInt(2500));
        victim.awaitJoined();
        victim.freeze();
        log.accept(victim.name() + " is frozen for " + length.toMillis() + " ms");
        Eventually.pause(length);
        victim.thaw();
        return "freeze of " + victim.name() + " for " + length.toMillis() + " ms";
    }

    private String restarted(FirnProcess victim) {
        victim.awaitJoined();
        assertThat(victim.terminate())
                .as("exit code after SIGTERM: %s", victim.tail())
                .isZero();
        victim.start();
        return "clean restart of " + victim.name();
    }
}
