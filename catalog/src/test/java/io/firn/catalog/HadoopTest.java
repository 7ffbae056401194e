package io.firn.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.iceberg.hadoop.HadoopFileIO;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HadoopTest {
    @ParameterizedTest
    @ValueSource(strings = {"http", "https"})
    void noFileIsReadFromAUrl(String scheme) throws Exception {
        AtomicInteger requests = new AtomicInteger();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            requests.incrementAndGet();
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        server.start();
        try (HadoopFileIO io = new HadoopFileIO(Hadoop.configuration())) {
            String location = scheme + "://127.0.0.1:" + server.getAddress().getPort() + "/data.parquet";
            assertThatThrownBy(() -> io.newInputFile(location).newStream().read())
                    .hasStackTraceContaining("no file is read from a URL");
            assertThat(requests).hasValue(0);
        } finally {
            server.stop(0);
        }
    }
}
