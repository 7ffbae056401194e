package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class SlowClientsTest {
    @Test
    @Timeout(180)
    void a_request_whose_headers_trickle_in_loses_its_connection() throws Exception {
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        connector.setPort(0);
        connector.addBean(new SlowClients(connector, 300));
        server.addConnector(connector);
        server.start();
        try (Socket socket = new Socket("127.0.0.1", connector.getLocalPort())) {
            socket.getOutputStream().write("GET / HTTP/1.1\r\nX: ".getBytes(StandardCharsets.US_ASCII));
            String answer;
            try {
                answer = SecurityTest.trickle(socket, 50);
            } catch (IOException reset) {
                answer = "";
            }
            assertThat(answer).isEmpty();
        } finally {
            server.stop();
        }
    }
}
