package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.firn.catalog.backfill.BackfillCounts;
import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.BackfillState.Change;
import io.firn.catalog.backfill.BackfillState.Standing;
import io.firn.catalog.backfill.BackfillTask;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.compaction.JobResult;
import io.firn.compaction.Work;
import io.firn.compaction.plan.JobKind;
import io.firn.compaction.plan.TableDebt;
import io.firn.deploy.config.HttpConfig;
import io.firn.deploy.jobs.JobBoard;
import io.firn.deploy.jobs.JobRecord;
import io.firn.deploy.maintain.TableFigures;
import io.firn.deploy.maintain.TableFigures.Standing.Remedy;
import io.firn.deploy.rig.Eventually;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Prometheus gets, and what the dashboard and the alerts make of it. */
class MetricsTest {
    private static final Path MONITORING = Path.of("src/main/dist/monitoring");
    private static final Pattern NAME = Pattern.compile("(?:firn|process)_[a-z_]+");
    private static final String LABEL = "[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\\\n]|\\\\[\\\\\"n])*\"";
    private static final Pattern SAMPLE = Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(?:" + LABEL + "(?:," + LABEL
            + ")*,?)?\\})? " + "(?:NaN|[+-]Inf|[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)");

    @TempDir
    private Path folder;

    private final OneOrdersPipeline orders = new OneOrdersPipeline();
    private Optional<HttpService> service = Optional.empty();

    @BeforeEach
    void start() throws Exception {
        TableDebt debt = new TableDebt(
                new Work(40, 4000, 400),
                new Work(7, 700, 70),
                1,
                2,
                3,
                4,
                5,
                6,
                7,
                new TableDebt.StagingLag(55, 0, 550, Duration.ofSeconds(5)));
        orders.figures = Map.of(
                "shop.orders",
                new TableFigures.Seen(
                        Optional.of(OneOrdersPipeline.NOW.minusSeconds(70)),
                        Optional.of(debt),
                        Optional.of(debt.staging()),
                        Map.of(
                                JobKind.MERGE,
                                new TableFigures.Runs(2, Duration.ofSeconds(9), 1),
                                JobKind.REWRITE,
                                new TableFigures.Runs(1, Duration.ofSeconds(1), 0)),
                        Map.of(
                                JobKind.MERGE,
                                new TableFigures.Standing(
                                        Optional.empty(),
                                        4,
                                        Optional.of(Instant.EPOCH),
                                        Optional.of("no space"),
                                        Remedy.RETRY),
                                JobKind.REWRITE,
                                new TableFigures.Standing(
                                        Optional.of(OneOrdersPipeline.NOW.minusSeconds(80)),
                                        0,
                                        Optional.empty(),
                                        Optional.empty(),
                                        Remedy.RETRY)),
                        Optional.of("no file is deleted")));
        orders.audits = Map.of("orders", audit());
        seeBackfills();
        service = Optional.of(HttpService.start(
                new HttpConfig("127.0.0.1:0", Optional.empty()),
                orders,
                Clock.fixed(OneOrdersPipeline.NOW, ZoneOffset.UTC)));
    }

    /** One that goes on and got further two minutes ago, one that failed an hour ago and one of last week. */
    private void seeBackfills() {
        BackfillTask task = new BackfillTask(
                "orders",
                "orders",
                "topic-id",
                BackfillMode.REPLACE,
                new TreeMap<>(Map.of(0, new OffsetRange(0, 1000))),
                100,
                List.of(),
                "a test",
                OneOrdersPipeline.NOW.minusSeconds(600));
        BackfillState running = BackfillState.accepted("one", new UUID(1, 1), task)
                .after(
                        new TreeMap<>(Map.of(0, 300L)),
                        new BackfillCounts(0, 300, 40, 250, 10, 0, 0, 90),
                        new UUID(1, 2),
                        change(300));
        BackfillState renewed = running.with(running.standing(), change(30));
        BackfillState further = renewed.after(
                new TreeMap<>(Map.of(0, 400L)),
                new BackfillCounts(0, 100, 0, 100, 0, 0, 0, 90),
                new UUID(1, 2),
                change(120));
        Standing failed = new Standing(BackfillState.Phase.FAILED, Optional.of("a record cannot be read"));
        List<BackfillState> others = List.of(
                BackfillState.accepted("two", new UUID(1, 1), task).with(failed, change(3_600)),
                BackfillState.accepted("old", new UUID(1, 1), task).with(failed, change(600_000)));
        List<BackfillState> steps = List.of(running, further, further.with(further.standing(), change(5)));
        List<Integer> ages = List.of(300, 120, 5);
        for (int step = 0; step < steps.size(); step++) {
            List<BackfillState> all = new ArrayList<>(others);
            all.add(steps.get(step));
            orders.backfills.saw("shop.orders", all, OneOrdersPipeline.NOW.minusSeconds(ages.get(step)));
        }
        orders.backfills.conflicts("orders", 2);
        orders.backfills.conflicts("orders", 3);
    }

    private static Change change(long secondsAgo) {
        return new Change(new UUID(1, secondsAgo), "me", OneOrdersPipeline.NOW.minusSeconds(secondsAgo));
    }

    @Test
    void a_backfill_is_measured_while_it_goes_on_and_a_day_after() throws Exception {
        String one = "{backfill=\"one\",pipeline=\"orders\",table=\"shop.orders\",topic=\"orders\"} ";
        String state = "firn_backfill_state{backfill=\"%s\",pipeline=\"orders\",state=\"%s\",table=\"shop.orders\""
                + ",topic=\"orders\"} %s";
        String all = scrape();
        assertThat(all.lines())
                .contains(
                        "firn_backfill_records_done" + one + "400.0",
                        "firn_backfill_records_left" + one + "600.0",
                        "firn_backfill_rows_replaced" + one + "350.0",
                        "firn_backfill_rows_added" + one + "40.0",
                        "firn_backfill_chunks" + one + "2.0",
                        "firn_backfill_progress_age_seconds" + one + "120.0",
                        "firn_backfill_conflicts_total{pipeline=\"orders\"} 5.0",
                        String.format(state, "one", "running", "1.0"),
                        String.format(state, "one", "failed", "0.0"),
                        String.format(state, "two", "failed", "1.0"));
        assertThat(all)
                .doesNotContain("backfill=\"old\"")
                .doesNotContain("firn_backfill_progress_age_seconds{backfill=\"two\"");
        orders.backfills.saw("shop.orders", List.of(), OneOrdersPipeline.NOW);
        assertThat(scrape()).doesNotContain("backfill=\"one\"");
    }

    /** One with differences, that ended a minute ago. */
    private static JobRecord audit() throws Exception {
        Clock earlier = Clock.fixed(OneOrdersPipeline.NOW.minusSeconds(60), ZoneOffset.UTC);
        CompletableFuture<JobRecord> ended = new CompletableFuture<>();
        try (JobBoard board = new JobBoard("test", earlier)) {
            board.submit("audit", "orders", "test", run -> new JobRecord.Outcome(false, "{}", ""), ended::complete);
            return ended.get();
        }
    }

    @AfterEach
    void stop() {
        service.ifPresent(HttpService::close);
    }

    private String scrape() throws Exception {
        int port = service.orElseThrow().port();
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics"))
                                .build(),
                        BodyHandlers.ofString())
                .body();
    }

    @Test
    void times_and_tables_are_measured() throws Exception {
        String partition = "{partition=\"0\",pipeline=\"orders\",topic=\"orders\"} ";
        assertThat(scrape().lines())
                .contains(
                        "firn_lag_seconds" + partition + "25.0",
                        "firn_retention_margin_seconds" + partition + "3575.0",
                        "firn_commit_seconds_count{pipeline=\"orders\"} 10",
                        "firn_commit_seconds_sum{pipeline=\"orders\"} 3.5",
                        "firn_commits_total{outcome=\"conflict\",pipeline=\"orders\"} 2.0",
                        "firn_open_writers{pipeline=\"orders\"} 3.0",
                        "firn_table_files{table=\"shop.orders\"} 40.0",
                        "firn_small_files{table=\"shop.orders\"} 7.0",
                        "firn_unmerged_rows{table=\"shop.orders\"} 55.0",
                        "firn_table_figures_age_seconds{table=\"shop.orders\"} 70.0",
                        "firn_job_failures_in_a_row{job=\"merge\",table=\"shop.orders\"} 4.0",
                        "firn_job_last_success_age_seconds{job=\"rewrite\",table=\"shop.orders\"} 80.0",
                        "firn_deletion_refused{table=\"shop.orders\"} 1.0",
                        "firn_merge_lag_seconds{table=\"shop.orders\"} 5.0",
                        "firn_merge_failures_in_a_row{table=\"shop.orders\"} 4.0",
                        "firn_merge_seconds_sum{table=\"shop.orders\"} 9.0",
                        "firn_job_conflicts_total{job=\"merge\",table=\"shop.orders\"} 1.0",
                        "firn_audit_clean{pipeline=\"orders\"} 0.0",
                        "firn_audit_age_seconds{pipeline=\"orders\"} 60.0");
    }

    @Test
    void runs_of_jobs_are_added_up_and_idle_ones_left_out() {
        TableFigures figures = new TableFigures();
        JobResult did = new JobResult(
                "merge",
                JobResult.End.DONE,
                Work.NONE,
                Work.NONE,
                List.of(),
                new TreeMap<>(Map.of("conflicts", 2L)),
                "");
        figures.ran("t", JobKind.MERGE, Duration.ofSeconds(3), did);
        figures.ran("t", JobKind.MERGE, Duration.ofSeconds(4), did);
        figures.ran("t", JobKind.MERGE, Duration.ofSeconds(5), JobResult.nothing("merge", "idle"));
        assertThat(figures.all().getOrDefault("t", TableFigures.NOT_SEEN).runs())
                .containsEntry(JobKind.MERGE, new TableFigures.Runs(2, Duration.ofSeconds(7), 4));
    }

    @Test
    void every_line_is_of_the_text_format_and_no_series_is_there_twice() throws Exception {
        Set<String> typed = new HashSet<>();
        Set<String> series = new HashSet<>();
        for (String line : scrape().lines().toList()) {
            if (line.startsWith("# TYPE ")) {
                assertThat(typed.add(line.split(" ", 4)[2])).as(line).isTrue();
            } else if (!line.startsWith("# HELP ")) {
                Matcher sample = SAMPLE.matcher(line);
                assertThat(sample.matches()).as(line).isTrue();
                String name = sample.group(1);
                assertThat(typed.contains(name) || typed.contains(name.replaceFirst("_(count|sum|max|bucket)$", "")))
                        .as("the type of %s comes before it", name)
                        .isTrue();
                assertThat(series.add(line.substring(0, line.lastIndexOf(' '))))
                        .as(line)
                        .isTrue();
            }
        }
    }

    @Test
    void every_metric_of_the_dashboard_and_the_alerts_exists() throws Exception {
        Set<String> named = new TreeSet<>();
        for (String file : List.of("grafana.json", "alerts.yaml")) {
            Matcher matcher = NAME.matcher(Files.readString(MONITORING.resolve(file)));
            while (matcher.find()) {
                named.add(matcher.group());
            }
        }
        Set<String> measured = new TreeSet<>();
        Matcher matcher = Pattern.compile("(?m)^((?:firn|process)_[a-z_]+)").matcher(scrape());
        while (matcher.find()) {
            measured.add(matcher.group(1));
        }
        assertThat(named).hasSizeGreaterThan(15);
        assertThat(measured).containsAll(named);
    }

    @Test
    void prometheus_own_tool_accepts_metrics_and_alerts() throws Exception {
        Optional<Path> promtool = Stream.of(
                        System.getenv().getOrDefault("PATH", "").split(":", -1))
                .map(each -> Path.of(each, "promtool"))
                .filter(Files::isExecutable)
                .findFirst();
        assumeThat(promtool).as("promtool, of Debian's package prometheus").isPresent();
        Path metrics = Files.writeString(folder.resolve("metrics"), scrape());
        // What is not ours is named by its library; where the text cannot be parsed, one line says so.
        assertThat(run(metrics, promtool.get().toString(), "check", "metrics").lines())
                .allMatch(line -> line.startsWith("process_") || line.startsWith("system_"));
        String alerts = MONITORING.resolve("alerts.yaml").toString();
        assertThat(run(metrics, promtool.get().toString(), "check", "rules", alerts))
                .contains("SUCCESS");
    }

    private static String run(Path input, String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectInput(input.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor(Eventually.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .isTrue();
        return said;
    }
}
