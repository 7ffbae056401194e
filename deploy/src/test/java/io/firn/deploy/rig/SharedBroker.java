package io.firn.deploy.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * One broker for all test classes of a run, started for the first that asks for a {@link BrokerProcess}. Topics are
 * each test's own; who stops or kills a broker starts one of their own.
 */
public final class SharedBroker implements ParameterResolver {
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(SharedBroker.class);

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == BrokerProcess.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return context.getRoot()
                .getStore(NAMESPACE)
                .getOrComputeIfAbsent(BrokerProcess.class, unused -> start(), BrokerProcess.class);
    }

    private static BrokerProcess start() {
        try {
            Path rig = Files.createDirectories(Path.of("target", "rig").toAbsolutePath());
            return BrokerProcess.start(Files.createTempDirectory(rig, "kafka"), OsProcess.logs("shared"));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
