package io.firn.catalog;

import java.io.Closeable;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.iceberg.catalog.Catalog;
import org.jspecify.annotations.Nullable;

/**
 * A catalog that is opened by its first call, and by the next one if that failed. It has exactly the interfaces of the
 * real catalog's class, so that callers still find out by {@code instanceof} what it can do.
 */
final class LazyCatalog implements InvocationHandler {
    private final String name;
    private final Supplier<Catalog> opening;
    private @Nullable Catalog opened;
    private boolean closed;

    private LazyCatalog(String name, Supplier<Catalog> opening) {
        this.name = name;
        this.opening = opening;
    }

    /**
     * @param type the class that {@code opening} returns an instance of
     * @param opening opens the real catalog or throws what callers of the catalog should get
     */
    static Catalog of(Class<?> type, Supplier<Catalog> opening) {
        Set<Class<?>> interfaces = new LinkedHashSet<>();
        interfaces.add(Catalog.class);
        interfaces.add(Closeable.class);
        for (Class<?> each = type; each != null; each = each.getSuperclass()) {
            for (Class<?> one : each.getInterfaces()) {
                interfaces.add(one);
            }
        }
        interfaces.removeIf(each -> !Modifier.isPublic(each.getModifiers()));
        return (Catalog) Proxy.newProxyInstance(
                type.getClassLoader(),
                interfaces.toArray(Class<?>[]::new),
                new LazyCatalog(type.getSimpleName(), opening));
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, @Nullable Object @Nullable [] arguments)
            throws Throwable {
        if (method.getDeclaringClass() == Object.class) {
            return switch (method.getName()) {
                case "equals" -> arguments != null && proxy == arguments[0];
                case "hashCode" -> System.identityHashCode(proxy);
                default -> name;
            };
        }
        if (method.getName().equals("close") && method.getParameterCount() == 0) {
            close();
            return null;
        }
        try {
            return method.invoke(opened(), arguments);
        } catch (InvocationTargetException thrown) {
            throw thrown.getCause() == null ? thrown : thrown.getCause();
        }
    }

    private synchronized Catalog opened() {
        if (closed) {
            throw new IllegalStateException("the catalog is closed");
        }
        Catalog known = opened;
        if (known == null) {
            known = opening.get();
            opened = known;
        }
        return known;
    }

    private synchronized void close() throws IOException {
        closed = true;
        if (opened instanceof Closeable) {
            ((Closeable) opened).close();
        }
    }
}
