import { firstValueFrom, from, map, toArray } from 'rxjs';
export const answer = async () =>
  await firstValueFrom(
    from([1, 2]).pipe(
      map((n) => n * 2),
      toArray(),
    ),
  );
