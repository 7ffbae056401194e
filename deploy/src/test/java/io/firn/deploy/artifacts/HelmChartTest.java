package io.firn.deploy.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import com.marcnuri.helm.TemplateCommand;
import io.firn.deploy.config.ConfigFile;
import io.firn.deploy.config.Configuration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** By Helm itself, which comes as a native library: no cluster is asked. */
final class HelmChartTest {
    private static final Path CHART = Path.of("helm/firn");
    private static final String POD = "spec/template/spec/";

    @TempDir
    private Path directory;

    @BeforeAll
    static void needsHelm() {
        String machine = System.getProperty("os.name", "") + " " + System.getProperty("os.arch", "");
        Assumptions.assumeTrue(machine.equals("Linux amd64"), "Helm's library is here for Linux on amd64 alone");
    }

    @Test
    void helm_lint_finds_nothing() {
        LintResult result = new Helm(CHART).lint().strict().call();
        assertThat(result.isFailed()).as("%s", result.getMessages()).isFalse();
        assertThat(result.getMessages()).noneMatch(message -> message.contains("[WARNING]"));
    }

    @Test
    void values_that_mean_nothing_are_refused() {
        assertThatThrownBy(() -> render(Map.of("replicas", "many"))).hasMessageContaining("replicas");
        assertThatThrownBy(() -> render(Map.of("replica", "1"))).hasMessageContaining("replica");
        assertThatThrownBy(() -> render(Map.of("autoscaling.by", "magic"))).hasMessageContaining("autoscaling");
        assertThatThrownBy(() -> render(Map.of("terminationGracePeriodSeconds", "5")))
                .hasMessageContaining("terminationGracePeriodSeconds");
    }

    @Test
    void the_configuration_in_the_config_map_is_one_that_firn_takes() throws IOException {
        Yaml map = one(render(Map.of()), "ConfigMap");
        String text = map.at("data/firn.yaml").text();
        assertThat(text).contains("${file:/run/firn/operator/token}");
        Path token = Files.writeString(directory.resolve("token"), "a-token-of-a-secret");
        Path file = Files.writeString(
                directory.resolve("firn.yaml"), text.replace("/run/firn/operator/token", token.toString()));
        Configuration configuration = new ConfigFile(name -> null).read(file);
        assertThat(configuration.pipelines()).containsKey("orders");
        assertThat(configuration.http().listen()).isEqualTo("0.0.0.0:8383");
    }

    @Test
    void the_pod_has_no_rights_and_the_probes_that_the_service_answers() {
        Yaml pod = one(render(Map.of()), "Deployment");
        Yaml container = pod.at(POD + "containers/0");
        assertThat(pod.at(POD + "securityContext/runAsNonRoot").text()).isEqualTo("true");
        assertThat(pod.at(POD + "automountServiceAccountToken").text()).isEqualTo("false");
        assertThat(container.at("securityContext/readOnlyRootFilesystem").text())
                .isEqualTo("true");
        assertThat(container.at("securityContext/capabilities/drop").texts()).containsExactly("ALL");
        assertThat(container.at("livenessProbe/httpGet/path").text()).isEqualTo("/health/live");
        assertThat(container.at("readinessProbe/httpGet/path").text()).isEqualTo("/health/ready");
        assertThat(container.at("volumeMounts/1/mountPath").text()).isEqualTo("/tmp");
        assertThat(pod.at("spec/strategy/rollingUpdate/maxUnavailable").text()).isEqualTo("0");
    }

    @Test
    void disruption_budget_network_policy_and_monitor_choose_the_pods() {
        List<Yaml> all = render(Map.of("serviceMonitor.enabled", "true", "readerToken.secret", "looks"));
        String labels =
                one(all, "Deployment").at("spec/template/metadata/labels").text();
        for (String kind : List.of("PodDisruptionBudget", "ServiceMonitor")) {
            Yaml selector = one(all, kind).at("spec/selector/matchLabels");
            selector.keys().forEach(key -> assertThat(labels).contains(key + "=" + selector.value(key)));
        }
        assertThat(one(all, "NetworkPolicy").at("spec/policyTypes").texts()).containsExactly("Ingress", "Egress");
        assertThat(one(all, "ServiceMonitor").at("spec/endpoints/0/path").text())
                .isEqualTo("/metrics");
    }

    @Test
    void whatOnlyLooksHasAReadersTokenAndTokensAreFiles() {
        assertThatThrownBy(() -> render(Map.of("serviceMonitor.enabled", "true")))
                .hasMessageContaining("readerToken.secret");
        assertThatThrownBy(() -> render(Map.of("autoscaling.by", "keda"))).hasMessageContaining("readerToken.secret");

        List<Yaml> all = render(
                Map.of("serviceMonitor.enabled", "true", "autoscaling.by", "keda", "readerToken.secret", "looks"));
        assertThat(one(all, "ServiceMonitor")
                        .at("spec/endpoints/0/authorization/credentials/name")
                        .text())
                .isEqualTo("looks");
        assertThat(one(all, "TriggerAuthentication")
                        .at("spec/secretTargetRef/0/name")
                        .text())
                .isEqualTo("looks");
        assertThat(one(all, "ConfigMap").at("data/firn.yaml").text())
                .contains("readers:", "monitor: ${file:/run/firn/reader/token}");
        Yaml pod = one(all, "Deployment");
        assertThat(pod.at(POD + "containers/0/env").text()).doesNotContain("secretKeyRef");
        assertThat(pod.at(POD + "volumes").text()).contains("secretName=looks", "secretName=firn");
        assertThat(pod.at(POD + "containers/0/volumeMounts").text()).contains("/run/firn/operator", "/run/firn/reader");
    }

    @Test
    void probesMonitorAndScalingSpeakTlsIfTheServiceDoes() {
        Map<String, String> plain =
                Map.of("serviceMonitor.enabled", "true", "autoscaling.by", "keda", "readerToken.secret", "looks");
        Map<String, String> tls = new TreeMap<>(plain);
        tls.put("config.http.tls.certificate", "/run/tls/tls.crt");
        tls.put("config.http.tls.key", "/run/tls/tls.key");
        for (boolean isTls : new boolean[] {false, true}) {
            List<Yaml> all = render(isTls ? tls : plain);
            Yaml container = one(all, "Deployment").at(POD + "containers/0");
            for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
                assertThat(container.at(probe + "/httpGet/scheme").text()).isEqualTo(isTls ? "HTTPS" : "HTTP");
            }
            Yaml endpoint = one(all, "ServiceMonitor").at("spec/endpoints/0");
            assertThat(endpoint.at("scheme").text()).isEqualTo(isTls ? "https" : "http");
            assertThat(endpoint.has("tlsConfig")).isEqualTo(isTls);
            assertThat(one(all, "ScaledObject")
                            .at("spec/triggers/0/metadata/url")
                            .text())
                    .startsWith(isTls ? "https://" : "http://");
        }
    }

    @Test
    void theServiceReachesNoLinkLocalAddressUnlessItIsAllowed() {
        String limited =
                one(render(Map.of()), "NetworkPolicy").at("spec/egress").text();
        assertThat(limited)
                .contains("169.254.0.0/16", "fe80::/10", "protocol=TCP")
                .doesNotContain("[{}]");
        String given = one(render(Map.of("networkPolicy.egress[0].to[0].ipBlock.cidr", "10.0.0.0/8")), "NetworkPolicy")
                .at("spec/egress")
                .text();
        assertThat(given).contains("10.0.0.0/8").doesNotContain("169.254");
    }

    @Test
    void processes_come_and_go_with_the_lag() throws IOException {
        assertThat(one(render(Map.of()), "Deployment").at("spec").has("replicas"))
                .isTrue();

        List<Yaml> keda = render(Map.of("autoscaling.by", "keda", "readerToken.secret", "looks"));
        assertThat(one(keda, "Deployment").at("spec").has("replicas")).isFalse();
        Yaml trigger = one(keda, "ScaledObject").at("spec/triggers/0");
        assertThat(trigger.at("type").text()).isEqualTo("metrics-api");
        assertThat(trigger.at("metadata/url").text()).endsWith(":8383/v1/pipelines/orders");
        assertThat(trigger.at("metadata/valueLocation").text()).isEqualTo("lag");
        assertThat(one(keda, "TriggerAuthentication").at("metadata/name").text())
                .isEqualTo(trigger.at("authenticationRef/name").text());

        Yaml metric = one(render(Map.of("autoscaling.by", "hpa")), "HorizontalPodAutoscaler")
                .at("spec/metrics/0/external/metric");
        String name = metric.at("name").text();
        assertThat(Files.readString(Path.of("src/main/java/io/firn/deploy/http/PipelineMetrics.java")))
                .contains('"' + name + '"');
    }

    private static List<Yaml> render(Map<String, String> values) {
        TemplateCommand template = new Helm(CHART)
                .template()
                .withName("lake")
                .withNamespace("data")
                .withKubeVersion("1.31.0");
        values.forEach(template::set);
        return Yaml.all(template.call());
    }

    private static Yaml one(List<Yaml> documents, String kind) {
        List<Yaml> found = documents.stream()
                .filter(document -> document.at("kind").text().equals(kind))
                .toList();
        assertThat(found).as(kind).hasSize(1);
        return Objects.requireNonNull(found.get(0));
    }
}
