import 'reflect-metadata';
import { isEmail, ValidationError, validateOrReject } from 'class-validator';
export const answer = async () => [isEmail('a@b.example'), ValidationError.name, typeof validateOrReject];
