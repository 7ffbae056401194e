@NullMarked
package io.firn.deploy.watch;

import org.jspecify.annotations.NullMarked;
