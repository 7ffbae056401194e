package io.firn.deploy.fuzz;

import com.sun.management.ThreadMXBean;
import io.firn.deploy.rig.Eventually;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/**
 * Runs one property over many inputs. Input {@code i} follows from the seed and {@code i} alone. All targets together
 * get {@code -Dfirn.fuzz.inputs=N} of them, each its share; {@code -Dfirn.fuzz.seed=N} draws others.
 */
public final class Fuzzer {
    private static final long INPUTS = Long.getLong("firn.fuzz.inputs", 200_000);
    private static final long SEED = Long.getLong("firn.fuzz.seed", 1L);

    /** Many times what the slowest takes on a busy machine. */
    private static final Duration HANGS = Eventually.PATIENCE;

    /** For every byte of an input, and for any input. */
    private static final long BYTES_A_BYTE = 4_000;

    private static final long BYTES_ANYWAY = 32L << 20;

    private final String name;
    private final double share;
    private final ThreadMXBean memory = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final AtomicLong current = new AtomicLong();

    /** @param share of all inputs */
    public Fuzzer(String name, double share) {
        this.name = name;
        this.share = share;
    }

    /** What is tried: throws nothing but where the property is broken. */
    public interface Target {
        /** @return whether the input was taken */
        boolean take(byte[] input) throws Exception;
    }

    /** Fails at the first input that breaks the property, with what is needed to keep it as a test. */
    public void run(Function<SplittableRandom, byte[]> inputs, Target target) {
        long count = Math.max(1, (long) (INPUTS * share));
        AtomicReference<Throwable> failure = new AtomicReference<>();
        AtomicLong taken = new AtomicLong();
        CountDownLatch over = new CountDownLatch(1);
        Thread worker = new Thread(
                () -> {
                    try {
                        for (long i = 0; i < count; i++) {
                            current.set(i);
                            if (one(i, inputs, target)) {
                                taken.incrementAndGet();
                            }
                        }
                    } catch (AssertionError broken) {
                        failure.set(broken);
                    } finally {
                        over.countDown();
                    }
                },
                "fuzz-" + name);
        worker.setDaemon(true);
        long start = System.nanoTime();
        worker.start();
        await(over, worker);
        Throwable broken = failure.get();
        if (broken != null) {
            throw new AssertionError(broken.getMessage(), broken.getCause());
        }
        System.out.println("[fuzz] " + name + ": " + count + " inputs, " + taken + " of them taken, seed " + SEED + ", "
                + (System.nanoTime() - start) / 1_000_000 + " ms");
    }

    private boolean one(long number, Function<SplittableRandom, byte[]> inputs, Target target) {
        byte[] input = inputs.apply(new SplittableRandom(SEED * 0x9E3779B97F4A7C15L + number));
        long before = memory.getCurrentThreadAllocatedBytes();
        try {
            boolean taken = target.take(input);
            long used = memory.getCurrentThreadAllocatedBytes() - before;
            if (used > BYTES_ANYWAY + BYTES_A_BYTE * input.length) {
                throw new AssertionError(used + " bytes of memory for " + input.length + " of input");
            }
            return taken;
        } catch (Throwable broken) {
            throw new AssertionError(
                    name + ": input " + number + " of seed " + SEED + ", in base64 "
                            + Base64.getEncoder().encodeToString(Arrays.copyOf(input, Math.min(input.length, 2_000)))
                            + ", as text " + new String(input, 0, Math.min(input.length, 500), StandardCharsets.UTF_8)
                            + ": " + broken,
                    broken);
        }
    }

    private void await(CountDownLatch over, Thread worker) {
        try {
            long last = -1;
            while (!over.await(HANGS.toMillis(), TimeUnit.MILLISECONDS)) {
                long now = current.get();
                if (now == last) {
                    throw new AssertionError(name + ": input " + now + " of seed " + SEED + " hangs at "
                            + Arrays.toString(worker.getStackTrace()));
                }
                last = now;
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", interrupted);
        }
    }
}
