"""The helper: an optional class on the instance for what only code on it can do.

Arrays do not cross the driver, so `Security.Roles.Modify` cannot be called from outside (facts: iris-security 6.1 and
6.4, D), and it is not certain that a client may call the function that ends a web session (facts: iris-license-sessions
3.3). Its source is `ZIrisOps.Helper.cls` beside this module. It is installed only after a yes, used only where every
other route failed, and works with the caller's own privileges.

It lives in %SYS, where the tool works and where `Security.Roles` is; its name begins with Z, as an upgrade may remove
what does not (vendor's documentation, Pre-Upgrade Steps, "Save Custom Classes, Routines, and Globals").
"""
