"""A subset of ObjectScript, so that classes that a client loads can be compiled and run.

`source` splits a class definition into its methods, `lexer` and `parser` make statements of their code, `evaluator`
runs them for a `Host` that knows the instance. No class is known by name here: what is within the subset runs, whatever
it is for; all else is refused when the class is compiled, with line and reason.

In the subset: SET (also of `$PIECE` and `$NAMESPACE`), NEW `$NAMESPACE`, KILL, DO, QUIT, RETURN, CONTINUE, each with a
post-conditional; IF, ELSEIF, ELSE, FOR and WHILE with blocks; local variables and arrays, by reference too; calls of
class methods and routines; `$SYSTEM`; the operators, strictly from left to right; the functions of `functions`. Not in
it: objects, macros, globals, SQL, embedded Python, device output, transactions, locks, error trapping.
"""
