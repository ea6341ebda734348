package org.apache.livy.test;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.Set;
import javax.servlet.Filter;
import javax.servlet.FilterChain;
import javax.servlet.FilterConfig;
import javax.servlet.ServletException;
import javax.servlet.ServletRequest;
import javax.servlet.ServletResponse;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletRequestWrapper;
import javax.servlet.http.HttpServletResponse;

/**
 * Users without Kerberos or LDAP: a filter for livy.server.auth.type, which Livy lets everybody bring. Its parameter
 * `users` holds NAME:PASSWORD, comma-separated. Whatever the user may do from then on is decided by Livy.
 */
public class BasicUsers implements Filter {
  private Set<String> users;

  @Override
  public void init(FilterConfig config) {
    users = new HashSet<>(Arrays.asList(config.getInitParameter("users").split(",")));
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    HttpServletRequest asked = (HttpServletRequest) request;
    String header = asked.getHeader("Authorization");
    String pair = header == null || !header.startsWith("Basic ") ? ""
        : new String(Base64.getDecoder().decode(header.substring(6)), StandardCharsets.UTF_8);
    if (!users.contains(pair)) {
      HttpServletResponse refused = (HttpServletResponse) response;
      refused.setHeader("WWW-Authenticate", "Basic realm=\"livy\"");
      refused.sendError(HttpServletResponse.SC_UNAUTHORIZED);
      return;
    }
    String user = pair.substring(0, pair.indexOf(':'));
    chain.doFilter(new HttpServletRequestWrapper(asked) {
      @Override
      public String getRemoteUser() {
        return user;
      }
    }, response);
  }

  @Override
  public void destroy() {
  }
}
