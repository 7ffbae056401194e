package io.firn.deploy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The name of this process among those of one machine, the same after a restart. The second process of one name gets
 * {@code NAME_2}, and so on: a lock on a file says which are taken, and the operating system frees that of a process
 * that was killed. An underscore is in no host's name, so two machines never make the same name.
 */
final class InstanceName implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(InstanceName.class);

    /** More processes than that on one machine share no group. */
    private static final int MOST = 50;

    /** Kafka takes 249 characters, the number of the slot and the number of the worker included. */
    private static final int MAX_LENGTH = 200;

    private final Optional<String> name;
    private final @Nullable FileChannel locked;

    private InstanceName(Optional<String> name, @Nullable FileChannel locked) {
        this.name = name;
        this.locked = locked;
    }

    /**
     * Takes the first free name.
     *
     * @param wanted the configured or the machine's; empty for none
     * @param directory where the locks are
     */
    static InstanceName take(Optional<String> wanted, Path directory) {
        String reason = "the machine does not know its own name";
        if (wanted.isPresent()) {
            String allowed = wanted.get().replaceAll("[^A-Za-z0-9._-]", "-");
            String plain = allowed.substring(0, Math.min(allowed.length(), MAX_LENGTH));
            reason = "all of its files in " + directory + " are locked";
            for (int slot = 1; slot <= MOST; slot++) {
                String name = slot == 1 ? plain : plain + "_" + slot;
                try {
                    FileChannel locked = locked(directory.resolve("firn-instance-" + name + ".lock"));
                    if (locked != null) {
                        LOG.info("instance {}", name);
                        return new InstanceName(Optional.of(name), locked);
                    }
                } catch (IOException failure) {
                    reason = failure.toString();
                }
            }
        }
        LOG.warn(
                "This process has no lasting name ({}): after a kill it waits until its session in its groups is over."
                        + " Set the key instance, and let it write to {}",
                reason,
                directory);
        return new InstanceName(Optional.empty(), null);
    }

    private static @Nullable FileChannel locked(Path file) throws IOException {
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return channel;
            }
        } catch (OverlappingFileLockException taken) {
            LOG.debug("{} is locked by this process", file);
        }
        channel.close();
        return null;
    }

    /** Empty where none could be had. */
    Optional<String> name() {
        return name;
    }

    @Override
    public void close() {
        if (locked != null) {
            try {
                locked.close();
            } catch (IOException failure) {
                LOG.debug("the lock on the name of this process was not released", failure);
            }
        }
    }
}
