package io.firn.deploy.rig;

import java.util.HashMap;
import java.util.Map;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.rest.RESTCatalogAdapter;
import org.apache.iceberg.rest.RESTCatalogServlet;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.jspecify.annotations.Nullable;

/**
 * Iceberg's own REST catalog servlet over a backing catalog, on Jetty in this JVM. Away and back on the same port by
 * {@link #away} and {@link #back}.
 */
public final class RestCatalogServer implements AutoCloseable {
    private final Map<String, String> backing;
    private final int port;
    private @Nullable Server server;
    private @Nullable Catalog catalog;

    private RestCatalogServer(Map<String, String> backing) {
        this.backing = new HashMap<>(backing);
        this.port = OsProcess.freePort();
    }

    /** @param backing properties of the catalog behind it */
    public static RestCatalogServer start(Map<String, String> backing) {
        RestCatalogServer server = new RestCatalogServer(backing);
        server.back();
        return server;
    }

    public String uri() {
        return "http://127.0.0.1:" + port;
    }

    public void back() {
        Catalog opened = CatalogUtil.buildIcebergCatalog("backing", backing, null);
        ServletContextHandler context = new ServletContextHandler();
        context.setContextPath("/");
        context.addServlet(new ServletHolder(new RESTCatalogServlet(new RESTCatalogAdapter(opened))), "/*");
        Server started = new Server();
        ServerConnector connector = new ServerConnector(started);
        connector.setHost("127.0.0.1");
        connector.setPort(port);
        started.addConnector(connector);
        started.setHandler(context);
        // A process that this JVM starts at the same time has the old socket for a moment, until its own program runs.
        Eventually.holds("the REST catalog has its port again", Eventually.PATIENCE, () -> {
            connector.open();
            return true;
        });
        try {
            started.start();
        } catch (Exception failed) {
            throw new AssertionError("cannot start the REST catalog", failed);
        }
        server = started;
        catalog = opened;
    }

    public void away() {
        try {
            Server running = server;
            if (running != null) {
                running.stop();
                running.destroy();
            }
            if (catalog instanceof AutoCloseable) {
                ((AutoCloseable) catalog).close();
            }
        } catch (Exception failed) {
            throw new AssertionError("cannot stop the REST catalog", failed);
        }
        server = null;
        catalog = null;
    }

    @Override
    public void close() {
        away();
    }
}
