package io.firn.catalog.rest;

import io.firn.catalog.location.LocationPolicy;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Map;
import java.util.TreeMap;
import org.apache.iceberg.catalog.Catalog;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** {@link IcebergRest} on a plain servlet, for Iceberg's own client. */
public final class RestServer implements AutoCloseable {
    private final Server server = new Server();
    private final ServerConnector connector;

    /** @param locations that requests may name */
    public RestServer(Catalog catalog, Map<String, String> defaults, LocationPolicy locations) throws Exception {
        ServletContextHandler context = new ServletContextHandler();
        context.setContextPath("/");
        context.addServlet(
                new ServletHolder(new Routes(new IcebergRest(catalog, defaults, locations, Clock.systemUTC()))), "/*");
        HttpConfiguration http = new HttpConfiguration();
        http.setUriCompliance(UriCompliance.DEFAULT.with(
                "iceberg",
                UriCompliance.Violation.SUSPICIOUS_PATH_CHARACTERS,
                UriCompliance.Violation.AMBIGUOUS_PATH_ENCODING));
        connector = new ServerConnector(server, new HttpConnectionFactory(http));
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        server.setHandler(context);
        server.start();
    }

    public String uri() {
        return "http://127.0.0.1:" + connector.getLocalPort();
    }

    @Override
    public void close() throws Exception {
        server.stop();
    }

    private static final class Routes extends HttpServlet {
        private static final long serialVersionUID = 1;

        private final transient IcebergRest rest;

        Routes(IcebergRest rest) {
            this.rest = rest;
        }

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            Map<String, String> query = new TreeMap<>();
            request.getParameterMap().forEach((name, values) -> query.put(name, values[0]));
            String body = new String(request.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            RestAnswer answer = rest.answer(new RestRequest(request.getMethod(), request.getRequestURI(), query, body));
            response.setStatus(answer.status());
            response.setContentType("application/json");
            response.getOutputStream().write(answer.body().getBytes(StandardCharsets.UTF_8));
        }
    }
}
