package io.firn.catalog.commit;

import io.firn.catalog.Catalogs;
import java.io.Closeable;
import java.nio.file.Path;
import java.util.Map;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.rest.RESTCatalogAdapter;
import org.apache.iceberg.rest.RESTCatalogServlet;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

final class RestTableCommitterTest extends CatalogTableCommitterTest {
    private static Catalog backing;
    private static Server server;
    private static Catalog catalog;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        backing = Catalogs.open(Map.of(
                "type", "jdbc",
                "uri", "jdbc:sqlite:file:" + folder.resolve("catalog.db"),
                "warehouse", "file:" + folder.resolve("warehouse")));
        ServletContextHandler context = new ServletContextHandler();
        context.setContextPath("/");
        context.addServlet(new ServletHolder(new RESTCatalogServlet(new RESTCatalogAdapter(backing))), "/*");
        server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        server.setHandler(context);
        server.start();
        catalog = Catalogs.open(Map.of("type", "rest", "uri", "http://127.0.0.1:" + connector.getLocalPort()));
    }

    @AfterAll
    static void stop() throws Exception {
        ((Closeable) catalog).close();
        server.stop();
        ((Closeable) backing).close();
    }

    @Override
    Catalog catalog() {
        return catalog;
    }
}
