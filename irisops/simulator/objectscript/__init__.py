"""A subset of ObjectScript, so that classes loaded by a client can be compiled and run.

`source` splits a class definition into methods, `lexer` and `parser` turn their code into statements, `evaluator` runs
them for a `Host`, which knows the instance. No class is special-cased: everything in the subset runs; anything else is
refused at compile time, with line and reason.

In the subset: SET (also of `$PIECE` and `$NAMESPACE`), NEW `$NAMESPACE`, KILL, DO, QUIT, RETURN, CONTINUE, each with a
post-conditional; IF, ELSEIF, ELSE, FOR and WHILE with blocks; local variables and arrays, also by reference; calls of
class methods and routines; `$SYSTEM`; the operators, strictly from left to right; the functions of `functions`. Not in
the subset: objects, macros, globals, SQL, embedded Python, device output, transactions, locks, error trapping.
"""
