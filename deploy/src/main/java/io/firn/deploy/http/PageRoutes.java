package io.firn.deploy.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The page: three files out of the jar. They show nothing by themselves, so anybody may get them. */
final class PageRoutes {
    private PageRoutes() {}

    static List<Route> of() {
        return List.of(
                file("/", "page", "page.html", "text/html; charset=utf-8"),
                file("/page.css", "pageStyle", "page.css", "text/css; charset=utf-8"),
                file("/page.js", "pageScript", "page.js", "text/javascript; charset=utf-8"));
    }

    private static Route file(String path, String operation, String name, String mediaType) {
        String text = read(name);
        return Route.text(path, operation, "the page for people", mediaType, call -> text)
                .open();
    }

    private static String read(String name) {
        try (InputStream in = PageRoutes.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
