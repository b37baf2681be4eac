import * as cheerio from 'cheerio';
export const answer = () => cheerio.load('<p class=a>b</p>')('.a').text();
