import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import type * as Exit from "effect/Exit"
import * as Pipeable from "effect/Pipeable"
import * as Scope from "effect/Scope"

/** The scope of one request. It is made when something is first added to it, since to most nothing is. */
export class RequestScope extends Pipeable.Class() implements Scope.CloseableScope {
  readonly [Scope.ScopeTypeId]: Scope.ScopeTypeId = Scope.ScopeTypeId
  readonly [Scope.CloseableScopeTypeId]: Scope.CloseableScopeTypeId = Scope.CloseableScopeTypeId
  readonly strategy = ExecutionStrategy.sequential
  private made: Scope.CloseableScope | undefined
  private closed: Exit.Exit<unknown, unknown> | undefined

  /** Once the request is over, what is added is finalized at once. */
  private get scope(): Effect.Effect<Scope.CloseableScope> {
    return Effect.suspend(() => {
      if (this.made !== undefined) return Effect.succeed(this.made)
      return Effect.tap(Scope.make(this.strategy), (scope) => {
        this.made = scope
        return this.closed === undefined ? Effect.void : Scope.close(scope, this.closed)
      })
    })
  }

  fork(strategy: ExecutionStrategy.ExecutionStrategy): Effect.Effect<Scope.CloseableScope> {
    return Effect.flatMap(this.scope, (scope) => Scope.fork(scope, strategy))
  }

  addFinalizer(finalizer: Scope.Scope.Finalizer): Effect.Effect<void> {
    return Effect.flatMap(this.scope, (scope) => Scope.addFinalizerExit(scope, finalizer))
  }

  close(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.closed = exit
      return this.made === undefined ? Effect.void : Scope.close(this.made, exit)
    })
  }

  /** Closes it with the end of the request, and gives that back. */
  finish<A, E>(exit: Exit.Exit<A, E>): Effect.Effect<A, E> {
    this.closed = exit
    return this.made === undefined ? exit : Effect.zipRight(Scope.close(this.made, exit), exit)
  }
}
