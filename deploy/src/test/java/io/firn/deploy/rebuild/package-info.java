@NullMarked
package io.firn.deploy.rebuild;

import org.jspecify.annotations.NullMarked;
