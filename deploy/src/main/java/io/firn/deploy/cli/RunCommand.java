package io.firn.deploy.cli;

import io.firn.deploy.Assembly;
import io.firn.deploy.Service;
import io.firn.deploy.StopRequest;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.http.HttpService;
import io.firn.ingest.PipelineListener;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The service. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = "Runs the pipelines until SIGTERM or Ctrl-C; then commits what is buffered and ends, "
                + "within 29 s in any case. A pipeline that fails leaves the others running: 'firn status' says why, "
                + "'firn restart' starts it again. The process ends when all have failed.",
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {
            "0:stopped, everything consumed is committed and no pipeline was failed",
            "1:all pipelines failed, at least one by a record, a system or a fault; or stopped while a pipeline was"
                    + " failed or before everything was committed; the next start consumes it again",
            "2:wrong usage or configuration; or all pipelines failed by configuration, tables or refused access: a"
                    + " person has to change something"
        })
final class RunCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(RunCommand.class);

    private final Assembly assembly;
    private final StopRequest stop;

    @Mixin
    private final ConfigOption config = new ConfigOption();

    @Option(
            names = "--fail-fast",
            description = "End the process when any pipeline fails. Default: when all have failed.")
    private boolean failFast;

    RunCommand(Assembly assembly, StopRequest stop) {
        this.assembly = assembly;
        this.stop = stop;
    }

    @Override
    public Integer call() throws InterruptedException {
        Configuration configuration = assembly.configuration(config.file());
        configuration.doubts().forEach(doubt -> LOG.warn("{}: {}; {}", doubt.where(), doubt.what(), doubt.action()));
        HttpService.check(configuration.http());
        try (Service service = Service.start(assembly, configuration, PipelineListener.NONE, onFailure());
                HttpService http = HttpService.start(configuration.http(), service, assembly.clock())) {
            LOG.info("Running {}, HTTP on port {}", configuration.pipelines().keySet(), http.port());
            boolean stopping = false;
            while (!stopping) {
                stopping = service.await(stop, Duration.ofMinutes(1));
            }
            LOG.info("Stopping: committing what is buffered");
            if (service.stop(Service.STOP_TIME)) {
                LOG.info("Stopped, everything consumed is committed");
                return ExitCodes.DONE;
            }
            LOG.warn("Stopped before everything was committed, or while a pipeline was failed; the next start consumes"
                    + " the rest again");
            return ExitCodes.FAILED;
        }
    }

    private Service.OnPipelineFailure onFailure() {
        return failFast ? Service.OnPipelineFailure.END : Service.OnPipelineFailure.CONTINUE;
    }
}
