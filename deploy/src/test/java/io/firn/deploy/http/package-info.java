@NullMarked
package io.firn.deploy.http;

import org.jspecify.annotations.NullMarked;
